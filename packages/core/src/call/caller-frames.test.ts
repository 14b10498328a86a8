// The stack of an error has the line of the app that made the call.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect, it } from 'vitest'
import { mockProvider } from '../../../testing/src/mock.js'
import { can, failureOf, finish, world } from '../../test/world.js'
import {
  defineProvider,
  generateObject,
  LlmError,
  type Provider,
  runTools,
  streamElements,
  streamObject,
} from '../index.js'

const failing = () =>
  mockProvider({ answers: Array<Error>(9).fill(new LlmError('authentication', 'No key.')) })
/** A service that answers with an error some time later, as a socket does. */
const later = () =>
  defineProvider({
    provider: 'later',
    model: 'm',
    capabilities: () => can,
    chat: () => ({
      [Symbol.asyncIterator]: () => ({
        next: () =>
          new Promise((_, reject) =>
            setImmediate(() => reject(new LlmError('server-error', 'No.', { retryable: false }))),
          ),
      }),
    }),
    embed: () =>
      new Promise((_, reject) => setTimeout(() => reject(new LlmError('invalid-request', 'No.')), 1)),
  })

// Each stands in a line of its own.
const calls: Record<string, (provider: Provider) => Promise<unknown>> = {
  chat: async (provider) => await provider.chat('x'),
  response: async (provider) => await provider.stream('x').response(),
  loop: async (provider) => {
    for await (const _ of provider.stream('x'));
  },
  'loop over text': async (provider) => {
    for await (const _ of provider.stream('x').text);
  },
  runTools: async (provider) => await runTools(provider, 'x').result(),
  'loop over runTools': async (provider) => {
    for await (const _ of runTools(provider, 'x'));
  },
  'awaited runTools': async (provider) => await runTools(provider, 'x'),
  generateObject: async (provider) => await generateObject(provider, { type: 'object' }, 'x'),
  streamObject: async (provider) => await streamObject(provider, { type: 'object' }, 'x').result(),
  streamElements: async (provider) => await streamElements(provider, { type: 'object' }, 'x').result(),
  embed: async (provider) => await provider.embed('x'),
  countTokens: async (provider) => await provider.countTokens({ messages: 'x', temperature: 1000 }),
}

it.each(Object.keys(calls))('a failing %s has the line of its caller in its stack', async (name) => {
  for (const provider of [failing(), later()]) {
    const error = await failureOf((calls[name] as (typeof calls)[string])(provider))
    const lines = (error.stack ?? '').split('\n').filter((line) => line.includes('caller-frames.test.ts'))
    // The line of the call, or of its callback: not only of what made the error.
    const source = readFileSync(fileURLToPath(import.meta.url), 'utf8').split('\n')
    const called = lines.map((line) => source[Number(/:(\d+):\d+\)?$/.exec(line)?.[1]) - 1] ?? '')
    expect(called.join('\n')).toMatch(/await .*(provider|stream|runTools|generateObject)/)
    expect(error.stack?.startsWith(`LlmError: ${error.message}`)).toBe(true)
  }
})

it('a time limit and an abort have it too, though a timer made them', async () => {
  const hanging = world([[{ wait: 1_000_000 }, finish]], { timeout: 50 })
  const call = async () => await hanging.provider.chat('x')
  const failure = failureOf(call())
  await hanging.clock.advance(100)
  expect((await failure).stack).toMatch(/at (async )?call /)
  const controller = new AbortController()
  const other = async () => await hanging.provider.chat('x', { signal: controller.signal })
  const aborted = failureOf(other())
  controller.abort()
  expect((await aborted).stack).toMatch(/at (async )?other /)
})

it('the same failure that is read twice has it once', async () => {
  const stream = failing().stream('x')
  const call = async () => await stream.response()
  const [one, two] = [await failureOf(call()), await failureOf(call())]
  expect(two).toBe(one)
  expect(two.stack?.match(/at (async )?call /g)).toHaveLength(1)
})

it('Node prints it, without a test framework', async () => {
  const contents = `
    import { mockProvider } from './mock.js'
    async function askTheModel() {
      return await mockProvider({ answers: [new Error('broken')] }).chat('x')
    }
    await askTheModel().catch((error) => console.log(error.stack))`
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('../../../testing/src', import.meta.url)) },
    ...{ bundle: true, write: false, format: 'esm', platform: 'node', conditions: ['@patchbay/source'] },
  })
  const printed = execFileSync(process.execPath, ['--input-type=module'], {
    input: outputFiles[0]?.text ?? '',
    encoding: 'utf8',
  })
  expect(printed).toMatch(/at async askTheModel /)
})
