// `batchResults`: waits for results that are not there yet and for an unavailable service, but not after a wrong key.

import { claude } from '@patchbay/claude'
import {
  type Batches,
  type BatchResult,
  type CallOptions,
  type ErrorCode,
  LlmError,
  type Provider,
} from '@patchbay/core'
import { fakeClock, faultServer, type ServedResponse } from '@patchbay/testing'
import { expect, it, onTestFinished } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { standIn } from '../../test/operations.js'
import { batchResults } from '../index.js'

/** Looks and readings that fail so, one after the other, before all is well. */
async function failing(looks: ErrorCode[], readings: ErrorCode[] = []) {
  const { provider } = standIn()
  const id = await provider.batches.submit(['one', 'two'])
  const { status, results } = provider.batches
  let asked = 0
  const batches: Batches = {
    ...provider.batches,
    status: async (...given) => {
      asked++
      const code = looks.shift()
      if (code !== undefined) throw new LlmError(code, 'Not now.')
      return status(...given)
    },
    async *results(...given) {
      const code = readings.shift()
      let first = true
      for await (const result of results(...given)) {
        if (code !== undefined && !(code === 'network' && first)) throw new LlmError(code, 'Not now.')
        first = false
        yield result
      }
    },
  }
  const clock = fakeClock()
  const waiting = read(batchResults({ ...provider, batches } as Provider, id, { every: 1000, clock }))
  // Whoever ends it may do so in any of the turns.
  waiting.catch(() => {})
  for (let turn = 0; turn < 40; turn++) await clock.advance(1000)
  return { waiting, asked: () => asked }
}
async function read(results: AsyncIterable<BatchResult>): Promise<string[]> {
  const texts: string[] = []
  for await (const { index, response } of results) texts.push(`${index} ${response?.text}`)
  return texts
}
const both = ['0 echo: one', '1 echo: two']

it.each<[string, ErrorCode[], ErrorCode[]]>([
  ['a batch that is not there yet', ['not-found'], []],
  ['a service that fails five times in a row', Array(5).fill('server-error'), []],
  ['one that is away in all the ways there are', ['network', 'overloaded', 'timeout', 'rate-limited'], []],
  ['results that are not there yet', [], ['not-found', 'not-found']],
  ['results that cannot be had just now', [], ['overloaded', 'server-error']],
  ['results that break off in the middle', [], ['network']],
])('waits for %s', async (_, looks, readings) => {
  expect(await (await failing(looks, readings)).waiting).toEqual(both)
})

it.each<[string, ErrorCode[], number]>([
  ['a wrong key', ['authentication'], 1],
  ['a wrong id, once it has had its time', Array(50).fill('not-found'), 6],
  ['a batch that was refused', ['invalid-request'], 1],
])('ends for %s', async (_, looks, most) => {
  const [code] = looks
  const { waiting, asked } = await failing(looks).then(({ waiting, asked }) => ({
    waiting: failureOf(waiting),
    asked,
  }))
  expect(await waiting).toMatchObject({ code })
  expect(asked()).toBe(most)
})

it('waits for a batch of a real service that says 404 at first, and then 500', async () => {
  const json = (value: object, status = 200): ServedResponse => ({
    status,
    body: JSON.stringify(value),
    headers: { 'content-type': 'application/json' },
  })
  const line = {
    custom_id: 'request-0',
    result: {
      type: 'succeeded',
      message: {
        id: 'm',
        type: 'message',
        role: 'assistant',
        model: 'claude-x',
        content: [{ type: 'text', text: 'here' }],
        stop_reason: 'end_turn',
        usage: { input_tokens: 1, output_tokens: 1 },
      },
    },
  }
  const types: Record<number, string> = { 404: 'not_found_error', 500: 'api_error' }
  const statuses = [404, 500, 500, 500, 500, 500]
  const server = await faultServer(({ path }) => {
    if (path.endsWith('/results')) return { body: JSON.stringify(line) }
    const status = statuses.shift()
    if (status !== undefined)
      return json({ type: 'error', error: { type: types[status], message: 'no' } }, status)
    return json({ id: 'b', processing_status: 'ended', request_counts: { succeeded: 1 } })
  })
  onTestFinished(() => server.close())
  const provider = claude('claude-x', { apiKey: 'k', baseURL: server.url, retry: false })
  expect(await read(batchResults(provider, 'b', { every: 5 }))).toEqual(['0 here'])
  expect(statuses).toEqual([])
})

it('its timeout covers the reading too, and the provider gets the remaining time', async () => {
  const { provider } = standIn()
  const id = await provider.batches.submit(['one', 'two'])
  const clock = fakeClock()
  const given: unknown[] = []
  let open = 0
  async function* results(_: string, options?: CallOptions): AsyncGenerator<BatchResult> {
    given.push(options?.timeout)
    open++
    try {
      for await (const result of provider.batches.results(id)) {
        yield result
        await new Promise<void>((resolve) => clock.timer(10_000, resolve))
      }
    } finally {
      open--
    }
  }
  let looks = 0
  const status: Batches['status'] = async () => ({
    ...(await provider.batches.status(id)),
    state: looks++ === 0 ? 'running' : 'ended',
  })
  const inner = { ...provider, batches: { ...provider.batches, status, results } } as Provider
  const texts: string[] = []
  const reading = failureOf(
    (async () => {
      for await (const { response } of batchResults(inner, id, { every: 1000, timeout: 5000, clock }))
        texts.push(response?.text ?? '')
    })(),
  )
  for (let second = 0; second < 5; second++) await clock.advance(1000)
  expect(await reading).toMatchObject({ code: 'timeout' })
  expect(texts).toEqual(['echo: one'])
  expect(given).toEqual([{ total: 4000 }])
  for (let second = 0; second < 10; second++) await clock.advance(1000)
  await expect.poll(() => open).toBe(0)
})

it('ends if the results always break off at the same line', async () => {
  let readings = 0
  const server = await faultServer(({ path }) => {
    if (path.endsWith('/results')) readings++
    return path.endsWith('/results')
      ? { body: '{"custom_id"' }
      : {
          body: JSON.stringify({ id: 'b', processing_status: 'ended', request_counts: { succeeded: 1 } }),
          headers: { 'content-type': 'application/json' },
        }
  })
  onTestFinished(() => server.close())
  const provider = claude('claude-x', { apiKey: 'k', baseURL: server.url, retry: false })
  expect(await failureOf(read(batchResults(provider, 'b', { every: 5 })))).toMatchObject({
    code: 'bad-response',
  })
  expect(readings).toBe(6)
})
