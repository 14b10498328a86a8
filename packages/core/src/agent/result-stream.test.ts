// Runs: a loop over the events and `result()` get everything, whatever their order; awaiting a run runs it.
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type MockAnswer, mockProvider } from '../../../testing/src/mock.js'
import { failureOf } from '../../test/world.js'
import { runTools, streamElements, streamObject, tool } from '../index.js'

const wave = tool({ name: 'wave', input: z.object({}), run: () => 'done' })
const words = ['one', 'two', 'three', 'four', 'five', 'six']
const calls: MockAnswer = { toolCalls: [{ name: 'wave', input: {} }], finishReason: 'tool-calls' }

const runs = {
  runTools: () =>
    runTools(mockProvider({ answers: [calls, words.join(' ')] }), { messages: 'x', tools: [wave] }),
  streamObject: () =>
    streamObject(
      mockProvider({ answers: [JSON.stringify({ words })] }),
      z.object({ words: z.array(z.string()) }),
      'x',
    ),
  streamElements: () =>
    streamElements(mockProvider({ answers: [JSON.stringify({ value: words })] }), z.string(), 'x'),
}
const kinds = Object.keys(runs) as (keyof typeof runs)[]

/** The events that a loop gets, copied when it gets them. */
async function readAll(run: AsyncIterable<unknown>, onEvent: () => unknown = () => {}): Promise<unknown[]> {
  const events: unknown[] = []
  for await (const event of run) {
    events.push(structuredClone(event))
    await onEvent()
  }
  return events
}

const comparable = (events: unknown[]) =>
  JSON.stringify(events, (key, value) => (/Ms$|^ms$/.test(key) ? 0 : value))

describe.each(kinds)('result() of %s takes no events from a loop', (kind) => {
  const alone = async () => comparable(await readAll(runs[kind]()))

  it('called before the loop', async () => {
    const run = runs[kind]()
    const result = run.result()
    expect(comparable(await readAll(run))).toBe(await alone())
    await result
  })

  it('called before a loop that begins some promises later, as that of a ReadableStream', async () => {
    const run = runs[kind]()
    const result = run.result()
    const stream = new ReadableStream({
      async pull(controller) {
        for (const event of await readAll(run)) controller.enqueue(event)
        controller.close()
      },
    })
    const events: unknown[] = []
    const reader = stream.getReader()
    for (let read = await reader.read(); !read.done; read = await reader.read()) events.push(read.value)
    expect(comparable(events)).toBe(await alone())
    await result
  })

  it('called and awaited in the loop', async () => {
    const run = runs[kind]()
    let result: unknown
    const events = await readAll(run, async () => {
      result ??= await run.result()
    })
    expect(comparable(events)).toBe(await alone())
    expect(result).toBe(await run.result())
  })

  it('beside a loop that is slow', async () => {
    const run = runs[kind]()
    const done = run.result()
    const events = await readAll(run, () => new Promise((resolve) => setImmediate(resolve)))
    expect(events).toHaveLength(JSON.parse(await alone()).length)
    await done
  })
})

describe.each(kinds)('a run of %s', (kind) => {
  it('is run by await', async () => {
    const run = runs[kind]()
    expect(await run).toBe(await run.result())
  })

  it('that was awaited cannot be looped over, and says so', async () => {
    const run = runs[kind]()
    await run
    expect(await failureOf(readAll(run))).toMatchObject({ code: 'invalid-request' })
  })
})

it('a run that is awaited rejects with its failure', async () => {
  const provider = mockProvider()
  await provider.close()
  expect(await failureOf(Promise.resolve(runTools(provider, 'x')))).toMatchObject({ code: 'closed' })
})

it('a loop that is left ends the run for result() too, also in the middle of a pull', async () => {
  const run = runTools(mockProvider({ answers: [{ text: 'a b c', delay: 60_000 }] }), 'x')
  const result = failureOf(run.result())
  for await (const event of run) if (event.type === 'step-start') break
  expect(await result).toMatchObject({ code: 'aborted' })
})
