// The batch queue: order, parallel calls, another process, cancellation.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { claude } from '@patchbay/claude'
import { type BatchResult, LlmError } from '@patchbay/core'
import { fakeClock, faultServer, type MockAnswer, mockProvider } from '@patchbay/testing'
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

it('answers in order, with typed failures, a few at a time', async () => {
  const busy = new LlmError('overloaded', 'Busy.', { status: 529 })
  const script: Record<string, string | Error> = { a: 'one', b: busy, c: 'three', d: 'four', e: 'five' }
  // By the question: those that run at once may come in any order.
  const answer: MockAnswer = ({ messages }) => {
    const [part] = messages[0]?.content ?? []
    return script[part?.type === 'text' ? part.text : ''] ?? new Error('not asked')
  }
  const inner = mockProvider({ retry: false, answers: Array.from({ length: 5 }, () => answer) })
  const provider = batch(inner, { concurrency: 2 })
  const id = await provider.batches.submit(['a', 'b', { messages: 'c', maxOutputTokens: 5 }, ['d'], 'e'])
  await ended(provider, id)
  expect(await provider.batches.status(id)).toEqual({ state: 'ended', total: 5, answered: 4, failed: 1 })
  expect(await all(provider.batches.results(id))).toEqual([
    [0, 'one'],
    [1, 'overloaded'],
    [2, 'three'],
    [3, 'four'],
    [4, 'five'],
  ])
  expect(inner.peak).toBeLessThanOrEqual(2)
  expect(inner.requests.filter(({ maxOutputTokens }) => maxOutputTokens === 5)).toHaveLength(1)
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

it('reports an invalid request, an unknown id and results that are not ready', async () => {
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

it('when cancelled, finishes calls in flight and sends no others', async () => {
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

it('is continued by the next process, each request once', async () => {
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

it('continues in another process after a crash', async () => {
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

it('uses the batch API of the service if it has one, and its id says so', async () => {
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

it('batchResults waits for the end, reports progress, and can be aborted', async () => {
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
