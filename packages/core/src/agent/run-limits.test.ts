// Limits of a run: defaults, the smallest values, a pause of the model, and how failures and aborts are told apart.
import { expect, it } from 'vitest'
import { type MockAnswer, mockProvider } from '../../../testing/src/mock.js'
import { failureOf } from '../../test/world.js'
import { LlmError, runTools, type Tool, type ToolRunEvent } from '../index.js'

const calls = (count: number): MockAnswer => ({
  toolCalls: Array.from({ length: count }, (_, at) => ({ id: `c${at}`, name: 'it', input: {} })),
  finishReason: 'tool-calls',
})
const toolThat = (run: Tool['run']): Tool => ({ name: 'it', input: { type: 'object' }, ...(run && { run }) })

it('a run has ten steps by default, and the last of them is reported', async () => {
  const provider = mockProvider({ answers: Array.from({ length: 20 }, () => calls(1)) })
  const events: ToolRunEvent[] = []
  const run = runTools(provider, { messages: 'x', tools: [toolThat(() => 'again')] })
  for await (const event of run) events.push(event)
  expect(await run.result()).toMatchObject({ reason: 'max-steps', steps: 10 })
  expect(provider.requests).toHaveLength(10)
  expect(events.filter(({ type }) => type === 'step-end')).toHaveLength(10)
})

it('eight tools run at once by default', async () => {
  let running = 0
  let most = 0
  const run = async () => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => setImmediate(resolve))
    running--
  }
  const provider = mockProvider({ answers: [calls(20), 'Done.'] })
  await runTools(provider, { messages: 'x', tools: [toolThat(run)] }).result()
  expect(most).toBe(8)
})

it('one step and one tool at a time are allowed, none is not', async () => {
  const one = { maxSteps: 1, concurrency: 1, toolTimeout: 1000, maxResultLength: 1 }
  const request = { messages: 'x', tools: [toolThat(() => 'y')] }
  const { text } = await runTools(mockProvider({ answers: ['Done.'] }), request, one).result()
  expect(text).toBe('Done.')
  for (const name of Object.keys(one)) {
    const provider = mockProvider()
    const run = async () => runTools(provider, request, { ...one, [name]: 0 }).result()
    expect(await failureOf(run())).toMatchObject({
      code: 'invalid-request',
      message: `${name} must be a number of at least 1, not 0 (number).`,
    })
    expect(provider.requests).toHaveLength(0)
  }
})

it('a paused answer goes on without a tool, and its step ends too', async () => {
  const provider = mockProvider({ answers: [{ text: 'Wait', finishReason: 'pause' }, 'Done.'] })
  const events: ToolRunEvent[] = []
  const run = runTools(provider, { messages: 'x', tools: [toolThat(() => 'y')] })
  for await (const event of run) events.push(event)
  expect(await run.result()).toMatchObject({ reason: 'answer', text: 'Done.', steps: 2 })
  expect(events.filter(({ type }) => type === 'step-end')).toMatchObject([{ step: 1 }, { step: 2 }])
})

it('input that is not JSON is an error for the model, not a result', async () => {
  const broken = { toolCalls: [{ id: 'c', name: 'it', input: { $unparsed: '{"a":' } }] }
  const provider = mockProvider({ answers: [{ ...broken, finishReason: 'tool-calls' }, 'Sorry.'] })
  await runTools(provider, { messages: 'x', tools: [toolThat(() => 'y')] }).result()
  expect(provider.requests[1]?.messages.at(-1)?.content).toMatchObject([
    { type: 'tool-result', id: 'c', isError: true, output: expect.stringContaining('is not JSON') },
  ])
})

it('an error of a callback during an abort is that of the callback', async () => {
  const controller = new AbortController()
  const run = runTools(
    mockProvider({ answers: [calls(1), 'Done.'] }),
    { messages: 'x', tools: [toolThat(() => 'y')] },
    {
      signal: controller.signal,
      stopWhen: () => {
        throw new LlmError('config', 'Broken callback.')
      },
    },
  )
  expect(await failureOf(run.result())).toMatchObject({ code: 'config', message: 'Broken callback.' })
})

it('parts that a tool gives are passed on within the limit of their JSON', async () => {
  const parts = [{ type: 'text' as const, text: 'x'.repeat(50) }]
  const content = async (maxResultLength: number) => {
    const provider = mockProvider({ answers: [calls(1), 'Done.'] })
    await runTools(provider, { messages: 'x', tools: [toolThat(() => parts)] }, { maxResultLength }).result()
    return provider.requests[1]?.messages.at(-1)?.content[0]
  }
  const { length } = JSON.stringify(parts)
  expect(await content(length)).toMatchObject({ output: parts })
  expect(await content(length - 1)).toMatchObject({ isError: true })
})
