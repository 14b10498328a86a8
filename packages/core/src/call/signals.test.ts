// Calls leave no listener on a signal that outlives them.
import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { mockProvider } from '../../../testing/src/mock.js'
import { failureOf } from '../../test/world.js'
import { generateObject, LlmError, runTools, streamElements, tool } from '../index.js'
import { onAbort } from './abort-listener.js'

const schema = { type: 'object', properties: {} }
const wave = tool({ name: 'wave', input: schema, needsApproval: () => true, run: () => 'done' })
const calls = {
  toolCalls: [
    { id: '1', name: 'wave', input: {} },
    { id: '2', name: 'wave', input: {} },
  ],
}

const works: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
  chat: (signal) => mockProvider().chat('x', { signal }),
  'a chat that fails': (signal) =>
    failureOf(mockProvider({ answers: [new LlmError('config', 'No.')] }).chat('x', { signal })),
  'a stream that is left': async (signal) => {
    for await (const event of mockProvider().stream('a b c', { signal })) if (event.type === 'text') break
  },
  runTools: (signal) =>
    runTools(
      mockProvider({ answers: [calls, 'Done.'] }),
      { messages: 'x', tools: [wave] },
      { signal, approve: () => true },
    ).result(),
  'a run that waits for somebody': (signal) =>
    runTools(mockProvider({ answers: [calls] }), { messages: 'x', tools: [wave] }, { signal }).result(),
  'a run that is left': async (signal) => {
    const run = runTools(
      mockProvider({ answers: [calls] }),
      { messages: 'x', tools: [wave] },
      { signal, approve: () => true },
    )
    for await (const { type } of run) if (type === 'tool-result') break
  },
  'a run that fails': (signal) =>
    failureOf(
      runTools(
        mockProvider({ answers: [calls] }),
        { messages: 'x', tools: [wave] },
        { signal, maxSteps: 0 },
      ).result(),
    ),
  generateObject: (signal) =>
    generateObject(mockProvider({ answers: ['no', '{}'] }), schema, 'x', { signal }),
  streamElements: (signal) =>
    streamElements(mockProvider({ answers: ['{"value":[{},{}]}'] }), schema, 'x', { signal }).result(),
}

/** Listeners on a signal, and signals derived from it by `AbortSignal.any`. */
function hanging(signal: AbortSignal): number {
  const dependants = Object.getOwnPropertySymbols(signal).find((symbol) =>
    /dependantSignals/i.test(String(symbol)),
  )
  const signals = dependants === undefined ? undefined : (signal as never)[dependants]
  return getEventListeners(signal, 'abort').length + ((signals as Set<unknown> | undefined)?.size ?? 0)
}

describe('after it nothing is left on the signal of', () => {
  it('a signal made of another one, to show that it would be seen', () => {
    const { signal } = new AbortController()
    AbortSignal.any([signal]).addEventListener('abort', () => {})
    expect(hanging(signal)).toBe(1)
  })

  it.each(Object.entries(works))('%s', async (_, work) => {
    const { signal } = new AbortController()
    for (let time = 0; time < 3; time++) await work(signal)
    await Promise.all(Array.from({ length: 3 }, () => work(signal)))
    expect(hanging(signal)).toBe(0)
  })
})

it('a signal has one listener however many calls it has, and each of them hears it', async () => {
  const warned: Error[] = []
  const onWarning = (warning: Error) => warned.push(warning)
  process.on('warning', onWarning)
  const controller = new AbortController()
  const { signal } = controller
  const provider = mockProvider({
    answers: Array.from({ length: 60 }, () => ({ text: 'a b', delay: 60_000 })),
  })
  const running = Array.from({ length: 40 }, (_, index) =>
    failureOf(index % 2 ? provider.chat('x', { signal }) : runTools(provider, 'x', { signal }).result()),
  )
  while (provider.running < 40) await new Promise((resolve) => setImmediate(resolve))
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  const reason = new Error('enough')
  controller.abort(reason)
  for (const error of await Promise.all(running))
    expect(error).toMatchObject({ code: 'aborted', cause: reason })
  expect(hanging(signal)).toBe(0)
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', onWarning)
  expect(warned).toEqual([])
})

it('a call that stops listening leaves the others their listener, also if it stops twice', () => {
  const controller = new AbortController()
  const heard: string[] = []
  const stop = onAbort(controller.signal, () => heard.push('first'))
  onAbort(controller.signal, () => heard.push('second'))
  stop()
  stop()
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
  controller.abort()
  expect(heard).toEqual(['second'])
})
