// Batches of a queue of our own: in order, in parts, in another process, cancelled.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { claude } from '@patchbay/claude'
import { type BatchResult, LlmError, type PreparedChat } from '@patchbay/core'
import { fakeClock, faultServer, mockProvider } from '@patchbay/testing'
import { beforeAll, expect, it, vi } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { bundled, run } from '../../test/program.js'
import { warm } from '../../test/warm.js'
import { batch, batchResults, fileState, memoryState } from '../index.js'

beforeAll(warm)

async function all(results: AsyncIterable<BatchResult>): Promise<[number, string][]> {
  const seen: [number, string][] = []
  for await (const { index, response, error } of results)
    seen.push([index, response?.text ?? error?.code ?? ''])
  return seen
}
const ended = (provider: ReturnType<typeof batch>, id: string) =>
  vi.waitFor(async () => expect((await provider.batches.status(id)).state).not.toBe('running'))

it('answers in order, with failures typed, a few at a time', async () => {
  const again = ({ messages }: PreparedChat) => `to ${(messages[0]?.content[0] as { text: string }).text}`
  const inner = mockProvider({
    retry: false,
    answers: ['one', new LlmError('overloaded', 'Busy.', { status: 529 }), again, again, again],
  })
  const provider = batch(inner, { concurrency: 2 })
  const id = await provider.batches.submit(['a', 'b', { messages: 'c', maxOutputTokens: 5 }, ['d'], 'e'])
  await ended(provider, id)
  expect(await provider.batches.status(id)).toEqual({ state: 'ended', total: 5, answered: 4, failed: 1 })
  expect(await all(provider.batches.results(id))).toEqual([
    [0, 'one'],
    [1, 'overloaded'],
    [2, 'to c'],
    [3, 'to d'],
    [4, 'to e'],
  ])
  expect(inner.peak).toBeLessThanOrEqual(2)
  expect(inner.requests).toContainEqual(expect.objectContaining({ maxOutputTokens: 5 }))
})

it('keeps tools, schemas and options of a request', async () => {
  const inner = mockProvider({ answers: ['{"a":1}'] })
  const provider = batch(inner)
  const request = {
    messages: 'x',
    tools: [{ name: 't', description: 'd', input: { type: 'object' } }],
    output: { schema: { type: 'object' }, name: 'n' },
    providerOptions: { mock: { own: 1 } },
    system: 'Be brief.',
  }
  await ended(provider, await provider.batches.submit([request]))
  expect(inner.requests[0]).toMatchObject({
    tools: [{ name: 't', description: 'd', schema: { type: 'object' } }],
    output: { schema: { type: 'object' }, name: 'n' },
    providerOptions: { own: 1 },
    messages: [{ role: 'system' }, { role: 'user' }],
  })
})

it('says what is wrong: a request, an id, results that are not there yet', async () => {
  const clock = fakeClock()
  const provider = batch(mockProvider({ clock, answers: [{ text: 'x', delay: 1000 }] }))
  expect(await failureOf(provider.batches.submit(['x', []]))).toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining('requests[1]'),
  })
  expect(await failureOf(provider.batches.status('local-none'))).toMatchObject({ code: 'not-found' })
  const id = await provider.batches.submit(['x'])
  expect(await failureOf(all(provider.batches.results(id)))).toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining('0 of 1'),
  })
})

it('is cancelled: what runs is finished, what waits is not asked', async () => {
  const clock = fakeClock()
  const inner = mockProvider({ clock, answers: [{ text: 'one', delay: 1000 }] })
  const provider = batch(inner, { concurrency: 1 })
  const id = await provider.batches.submit(['a', 'b'])
  await vi.waitFor(() => expect(inner.running).toBe(1))
  await provider.batches.cancel(id)
  await clock.advance(1000)
  await vi.waitFor(async () =>
    expect(await provider.batches.status(id)).toEqual({
      state: 'cancelled',
      total: 2,
      answered: 1,
      failed: 1,
    }),
  )
  expect(await all(provider.batches.results(id))).toEqual([
    [0, 'one'],
    [1, 'aborted'],
  ])
})

it('is gone on with by whoever asks next, each request once', async () => {
  const state = memoryState()
  const clock = fakeClock()
  const first = mockProvider({
    clock,
    answers: [
      { text: 'one', delay: 10 },
      { text: 'two', delay: 100_000 },
    ],
  })
  const provider = batch(first, { concurrency: 1, state, clock })
  const id = await provider.batches.submit(['a', 'b', 'c'])
  await vi.waitFor(() => expect(first.running).toBe(1))
  await clock.advance(10)
  await vi.waitFor(() => expect(first.requests).toHaveLength(2))
  // Nobody else begins while the first one works on it.
  const second = mockProvider({ answers: ['TWO', 'THREE'] })
  const other = batch(second, { state, clock })
  expect((await other.batches.status(id)).state).toBe('running')
  expect(second.requests).toHaveLength(0)
  // The first one closes: it finishes its call, and leaves the rest.
  const closing = provider.close()
  for (let step = 0; step < 100; step++) await clock.advance(1000)
  await closing
  await ended(other, id)
  expect(await all(other.batches.results(id))).toEqual([
    [0, 'one'],
    [1, 'two'],
    [2, 'TWO'],
  ])
})

it('is left to whoever took it over, by one that was not heard of for too long', async () => {
  const state = memoryState()
  const slow = (clock: ReturnType<typeof fakeClock>, name: string) =>
    mockProvider({
      clock,
      answers: ['a', 'b', 'c', 'd'].map((text) => ({ text: `${name} ${text}`, delay: 10 })),
    })
  const early = fakeClock(0)
  const late = fakeClock(60_000)
  const [first, second, third] = [slow(early, 'first'), slow(late, 'second'), slow(late, 'third')]
  const provider = batch(first, { concurrency: 1, state, clock: early })
  const id = await provider.batches.submit(['a', 'b', 'c', 'd'])
  await vi.waitFor(() => expect(first.running).toBe(1))
  const other = batch(second, { concurrency: 1, state, clock: late })
  await other.batches.status(id)
  await vi.waitFor(() => expect(second.running).toBe(1))
  // The first one is back: it finishes its call, and no more.
  await early.advance(10)
  await provider.close()
  await early.advance(100_000)
  expect(first.requests).toHaveLength(1)
  // Nobody else believes that nobody works on it.
  const stranger = batch(third, { state, clock: late })
  expect((await stranger.batches.status(id)).state).toBe('running')
  await stranger.close()
  expect(third.requests).toHaveLength(0)
  for (let answer = 0; answer < 4; answer++) {
    await late.advance(10)
    await new Promise((resolve) => setTimeout(resolve))
  }
  await ended(other, id)
  expect(second.requests).toHaveLength(4)
  expect(await all(other.batches.results(id))).toEqual([
    [0, 'first a'],
    [1, 'second b'],
    [2, 'second c'],
    [3, 'second d'],
  ])
})

it('goes on in another process after a crash in the middle', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'patchbay-batch-'))
  const program = await bundled(
    `import { mockProvider } from '@patchbay/testing/mock'
import { batch, fileState } from './index.js'

let calls = 0
const answer = ({ messages }) => {
  if (++calls > 2) process.exit(0)
  return 'first process: ' + messages[0].content[0].text
}
const provider = batch(mockProvider({ answers: [answer, answer, answer, answer] }), { concurrency: 1, state: fileState(${JSON.stringify(join(folder, 'state'))}) })
process.stdout.write(await provider.batches.submit(['a', 'b', 'c', 'd']))
setInterval(() => {}, 1000)`,
    join(folder, 'crash.mjs'),
  )
  const id = await run(program)
  const state = fileState(join(folder, 'state'))
  // By then nobody believes any more that the dead one works on it.
  const clock = fakeClock(Date.now() + 60_000)
  const provider = batch(mockProvider({ answers: ['second process', 'second process'] }), { state, clock })
  await ended(provider, id)
  expect(await all(provider.batches.results(id))).toEqual([
    [0, 'first process: a'],
    [1, 'first process: b'],
    [2, 'second process'],
    [3, 'second process'],
  ])
  await provider.close()
  await rm(folder, { recursive: true })
}, 20_000)

it('uses the batches of the service where it has some, and its id says so', async () => {
  await using server = await faultServer(({ path }) => ({
    headers: { 'content-type': 'application/json' },
    body: path.endsWith('batches')
      ? JSON.stringify({ id: 'msgbatch_1' })
      : JSON.stringify({
          id: 'msgbatch_1',
          processing_status: 'in_progress',
          request_counts: { processing: 1 },
        }),
  }))
  const inner = claude('claude-x', { apiKey: 'k', baseURL: server.url })
  const provider = batch(inner)
  expect(await provider.batches.submit(['x'])).toBe('msgbatch_1')
  expect((await provider.batches.status('msgbatch_1')).state).toBe('running')
  expect(await batch(inner, { native: false }).batches.submit(['x'])).toMatch(/^local-/)
})

it('batchResults waits for the end, tells how it goes, and can be given up', async () => {
  const clock = fakeClock()
  const inner = mockProvider({
    clock,
    answers: [
      { text: 'one', delay: 90 },
      { text: 'two', delay: 90 },
    ],
  })
  const provider = batch(inner, { concurrency: 1 })
  const id = await provider.batches.submit(['a', 'b'])
  await vi.waitFor(() => expect(inner.running).toBe(1))
  const progress: number[] = []
  const results = all(
    batchResults(provider, id, { every: 100, clock, onProgress: ({ answered }) => progress.push(answered) }),
  )
  await clock.advance(95)
  await vi.waitFor(() => expect(inner.requests).toHaveLength(2))
  await clock.advance(500)
  expect(await results).toEqual([
    [0, 'one'],
    [1, 'two'],
  ])
  expect(progress).toEqual([0, 1, 2])
  const endless = batch(mockProvider({ clock, answers: [{ text: 'x', delay: 1e9 }] }))
  const other = await endless.batches.submit(['a'])
  const controller = new AbortController()
  const waiting = failureOf(all(batchResults(endless, other, { clock, signal: controller.signal })))
  await clock.advance(1)
  controller.abort()
  expect(await waiting).toMatchObject({ code: 'aborted' })
})
