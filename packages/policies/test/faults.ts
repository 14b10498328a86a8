// A server with faults, and every policy around a provider that uses it.
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ErrorCode, Provider } from '@patchbay/core'
import { openai } from '@patchbay/openai'
import { type FaultServer, faultServer, type ServedResponse } from '@patchbay/testing'
import { afterAll, beforeAll, expect, vi } from 'vitest'
import {
  batch,
  breaker,
  budget,
  cache,
  cascade,
  compact,
  fallback,
  guard,
  hedge,
  learn,
  limit,
  loadBalance,
  log,
  mask,
  pipe,
  priced,
  record,
  replay,
  route,
  semanticCache,
  trace,
} from '../src/index.js'
import { lettersEmbedder } from './letters.js'

export const words = ['one ', 'two ', 'three ', 'four ', 'five']
const chunk = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c', model: 'm', choices: [{ index: 0, delta, finish_reason }] })}\n\n`
const events = words.map((content) => chunk({ content }))
export const half = events.slice(0, 2).join('').length
export const stream = {
  headers: { 'content-type': 'text/event-stream' },
  body: `${events.join('')}${chunk({}, 'stop')}data: [DONE]\n\n`,
}
export const failed = (status: number, message: string, headers = {}): ServedResponse => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify({ error: { message } }),
})

export interface Fault {
  /** The reply of the server. */
  serve(streamed: boolean): ServedResponse
  /** Error codes of a stream and of an unstreamed answer. */
  codes: [streamed: ErrorCode, whole: ErrorCode]
  /** Has part of a stream arrived before the error? */
  partial?: true
  /** Does a composite policy try another provider? Default true. */
  elsewhere?: false
}

const quiet = { info() {}, warn() {}, error() {} }
let folder = ''
let files = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchbay-faults-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const file = () => join(folder, `${files++}.json`)

/** Every policy around one provider: its errors are those of the caller. */
export const around: Record<string, (provider: Provider) => Provider> = {
  nothing: (provider) => provider,
  batch: (provider) => batch(provider),
  breaker: (provider) => breaker(provider),
  budget: (provider) => budget(provider, { limits: [{ per: 'run', tokens: 1e6 }] }),
  cache: (provider) => cache(provider),
  compact: (provider) => compact(provider),
  guard: (provider) => guard(provider, { input: () => undefined, output: () => undefined, every: 1 }),
  limit: (provider) => limit(provider, { concurrency: 1, requestsPerMinute: 100 }),
  log: (provider) => log(provider, { logger: quiet }),
  mask: (provider) => mask(provider),
  priced: (provider) => priced(provider),
  record: (provider) => record(provider, { file: file() }),
  replay: (provider) => replay(provider, { file: file(), unrecorded: 'record' }),
  semanticCache: (provider) => semanticCache(provider, { embedder: lettersEmbedder() }),
  trace: (provider) => trace(provider),
  'all of them': (provider) =>
    pipe(
      provider,
      priced,
      (inner) => breaker(inner),
      (inner) => limit(inner, { concurrency: 1 }),
      (inner) => budget(inner, { limits: [{ per: 'run', tokens: 1e6 }] }),
      (inner) => mask(inner),
      (inner) => guard(inner, { output: () => undefined, every: 1 }),
      (inner) => compact(inner),
      (inner) => cache(inner),
      (inner) => log(inner, { logger: quiet }),
      (inner) => trace(inner),
    ),
}
/** Every composite policy, of a failing and a working provider. */
export const several: Record<string, (faulty: Provider, well: Provider) => Provider> = {
  fallback: (faulty, well) => fallback([faulty, well]),
  hedge: (faulty, well) => hedge([faulty, well], { delay: 60_000 }),
  learn: (faulty, well) =>
    learn([faulty, well], { by: { begin: () => 0, scores: () => [1, 0], learn: (state) => state } }),
  loadBalance: (faulty, well) => loadBalance([faulty, well]),
  route: (faulty, well) => route([faulty, well]),
  cascade: (faulty, well) => cascade([faulty, well]),
}

export const limits = { retry: false, apiKey: 'none', api: 'chat' } as const
export async function withServer(
  fault: Fault,
  streamed: boolean,
  test: (faulty: Provider, server: FaultServer) => Promise<void>,
) {
  await using server = await faultServer(({ path }) =>
    path === '/models' ? failed(404, 'No list.') : fault.serve(streamed),
  )
  // A generous limit for what arrives, a short one for what never arrives.
  const first = streamed && fault.partial ? 30_000 : 150
  const stalls = fault.codes[0] === 'timeout' ? { timeout: { first, idle: 150 } } : {}
  await test(openai('m', { ...limits, ...stalls, baseURL: server.url }), server)
}

/** Waits until the server has no open connection. */
export const expectReleased = (server: FaultServer) =>
  vi.waitFor(() => expect(server.open).toBe(0), { timeout: 30_000 })
