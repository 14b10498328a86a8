// Every fault, through every policy, streamed and not, over real sockets: what comes out is stated once, and holds for all.
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ChatResponse, type ErrorCode, isLlmError, type LlmError, type Provider } from '@patchbay/core'
import { openai } from '@patchbay/openai'
import { type FaultServer, faultServer, mockProvider, type ServedResponse } from '@patchbay/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { lettersEmbedder } from '../test/letters.js'
import {
  batch,
  breaker,
  budget,
  cache,
  cascade,
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
} from './index.js'

const words = ['one ', 'two ', 'three ', 'four ', 'five']
const chunk = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c', model: 'm', choices: [{ index: 0, delta, finish_reason }] })}\n\n`
const events = words.map((content) => chunk({ content }))
const half = events.slice(0, 2).join('').length
const stream = {
  headers: { 'content-type': 'text/event-stream' },
  body: `${events.join('')}${chunk({}, 'stop')}data: [DONE]\n\n`,
}
const whole = {
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    id: 'c',
    model: 'm',
    choices: [{ message: { content: words.join('') }, finish_reason: 'stop' }],
  }),
}
const failed = (status: number, message: string, headers = {}): ServedResponse => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify({ error: { message } }),
})

interface Fault {
  /** What the server does. */
  serve(streamed: boolean): ServedResponse
  /** The one error of a stream, and of an answer in one piece. */
  codes: [streamed: ErrorCode, whole: ErrorCode]
  /** Has something of a stream arrived by then? */
  partial?: true
  /** Can somebody else be expected to answer? */
  elsewhere?: false
}

const faults: Record<string, Fault> = {
  'a server error': { serve: () => failed(500, 'Broken'), codes: ['server-error', 'server-error'] },
  'an overloaded server': { serve: () => failed(503, 'Busy'), codes: ['overloaded', 'overloaded'] },
  'a rate limit': {
    serve: () => failed(429, 'Slow down', { 'retry-after': '1' }),
    codes: ['rate-limited', 'rate-limited'],
  },
  'a wrong key': {
    serve: () => failed(401, 'Who are you?'),
    codes: ['authentication', 'authentication'],
    elsewhere: false,
  },
  'a wrong request': {
    serve: () => failed(400, 'What?'),
    codes: ['invalid-request', 'invalid-request'],
    elsewhere: false,
  },
  'a connection without an answer': { serve: () => ({ noAnswer: true }), codes: ['network', 'network'] },
  'a 200 that is an error': {
    serve: (streamed) =>
      streamed
        ? {
            headers: stream.headers,
            body: `data: ${JSON.stringify({ error: { message: 'Broken', code: 500 } })}\n\n`,
          }
        : { headers: whole.headers, body: JSON.stringify({ error: { message: 'Broken', code: 500 } }) },
    codes: ['server-error', 'server-error'],
  },
  'a page of a proxy': {
    serve: () => ({ headers: { 'content-type': 'text/html' }, body: '<html>Welcome</html>' }),
    codes: ['bad-response', 'bad-response'],
  },
  'half an answer that looks whole': {
    serve: (streamed) => (streamed ? { ...stream, cutAt: half } : { ...whole, cutAt: 20 }),
    codes: ['bad-response', 'bad-response'],
    partial: true,
  },
  'a connection that breaks on the way': {
    serve: (streamed) => (streamed ? { ...stream, resetAt: half } : { ...whole, resetAt: 20 }),
    codes: ['network', 'network'],
    partial: true,
  },
  'a server that never begins': {
    serve: (streamed) => ({ ...(streamed ? stream : whole), stallAt: 0 }),
    codes: ['timeout', 'timeout'],
  },
  'a server that stops on the way': {
    serve: (streamed) => (streamed ? { ...stream, stallAt: half } : { ...whole, stallAt: 20 }),
    codes: ['timeout', 'timeout'],
    partial: true,
  },
}

const quiet = { info() {}, warn() {}, error() {} }
let folder = ''
let files = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchbay-faults-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const file = () => join(folder, `${files++}.json`)

/** Middleware one provider: what happens to it happens to the caller. */
const around: Record<string, (provider: Provider) => Provider> = {
  nothing: (provider) => provider,
  batch: (provider) => batch(provider),
  breaker: (provider) => breaker(provider),
  budget: (provider) => budget(provider, { limits: [{ per: 'run', tokens: 1e6 }] }),
  cache: (provider) => cache(provider),
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
      (inner) => cache(inner),
      (inner) => log(inner, { logger: quiet }),
      (inner) => trace(inner),
    ),
}
/** Made of two, the other of which is well. */
const several: Record<string, (faulty: Provider, well: Provider) => Provider> = {
  fallback: (faulty, well) => fallback([faulty, well]),
  hedge: (faulty, well) => hedge([faulty, well], { delay: 60_000 }),
  learn: (faulty, well) =>
    learn([faulty, well], { by: { begin: () => 0, scores: () => [1, 0], learn: (state) => state } }),
  loadBalance: (faulty, well) => loadBalance([faulty, well]),
  route: (faulty, well) => route([faulty, well]),
  cascade: (faulty, well) => cascade([faulty, well]),
}

interface Outcome {
  /** The text of the deltas, of a stream. */
  seen: string
  response?: ChatResponse
  error?: LlmError
}

async function outcome(provider: Provider, streamed: boolean): Promise<Outcome> {
  const request = { messages: 'Count.', ...(!streamed && { maxOutputTokens: 100 }) }
  const call = provider.stream(request)
  let seen = ''
  try {
    if (streamed) for await (const text of call.text) seen += text
    return { seen, response: await call.response() }
  } catch (error) {
    if (!isLlmError(error)) throw error
    return { seen, error }
  }
}

const limits = { retry: false, apiKey: 'none', api: 'chat' } as const
async function withServer(
  fault: Fault,
  streamed: boolean,
  test: (faulty: Provider, server: FaultServer) => Promise<void>,
) {
  await using server = await faultServer(({ path }) =>
    path === '/models' ? failed(404, 'No list.') : fault.serve(streamed),
  )
  // What begins does so in its own time; what is waited for never comes.
  const first = streamed && fault.partial ? 30_000 : 150
  const stalls = fault.codes[0] === 'timeout' ? { timeout: { first, idle: 150 } } : {}
  await test(openai('m', { ...limits, ...stalls, baseURL: server.url }), server)
}

const letGo = (server: FaultServer) => vi.waitFor(() => expect(server.open).toBe(0), { timeout: 30_000 })

// Each has a server of its own, and most of them wait.
describe.concurrent.each(Object.entries(faults))('%s', (_, fault) => {
  describe.each([
    ['streamed', true],
    ['in one piece', false],
  ])('%s', (_, streamed) => {
    const code = fault.codes[streamed ? 0 : 1]
    const begun = streamed && fault.partial === true

    it.each(
      Object.entries(around),
    )('through %s: one typed error, what had arrived, nothing left open', (_, put) =>
      withServer(fault, streamed, async (faulty, server) => {
        const provider = put(faulty)
        const { error, seen } = await outcome(provider, streamed)
        expect(error).toMatchObject({ code, provider: 'openai', model: 'm' })
        expect(error?.message).toMatch(/\S/)
        expect(seen).toBe(begun ? 'one two ' : '')
        expect(error?.partial?.text ?? '').toBe(seen)
        if (code === 'rate-limited') expect(error?.retryAfterMs).toBe(1000)
        await letGo(server)
        await provider.close()
      }))

    it.each(Object.entries(several))('through %s: another one answers, where that is right', (name, put) =>
      withServer(fault, streamed, async (faulty, server) => {
        const provider = put(faulty, mockProvider({ provider: 'other', answers: ['well done'] }))
        const { response, error, seen } = await outcome(provider, streamed)
        // Who has begun to answer is not taken back; a cascade shows nothing before it is whole.
        const goesOn = fault.elsewhere !== false && (!begun || name === 'cascade')
        if (goesOn) {
          expect(response).toMatchObject({ text: 'well done', provider: 'other' })
          expect(response?.warnings).toHaveLength(1)
          expect(seen).toBe(streamed ? 'well done' : '')
        } else {
          expect(error).toMatchObject({ code })
          expect(seen).toBe(begun ? 'one two ' : '')
        }
        await letGo(server)
        await provider.close()
      }))
  })
})

describe('an abort in the middle', () => {
  const answering: Fault = { serve: () => ({ ...stream, stallAt: half }), codes: ['aborted', 'aborted'] }
  const all: [string, (provider: Provider) => Provider][] = [
    ...Object.entries(around),
    // What a cascade would show is not there yet.
    ...Object.entries(several)
      .filter(([name]) => name !== 'cascade')
      .map(([name, put]): [string, (provider: Provider) => Provider] => [
        name,
        (provider) => put(provider, mockProvider()),
      ]),
  ]
  it.each(all)('through %s: one error, and the server is let go', (_, put) =>
    withServer(answering, true, async (faulty, server) => {
      const provider = put(faulty)
      const call = provider.stream('Count.', { timeout: { idle: 60_000, first: 60_000 } })
      let seen = ''
      const error: unknown = await (async () => {
        for await (const text of call.text) {
          seen += text
          if (seen === 'one two ') call.abort()
        }
      })().catch((thrown) => thrown)
      expect(isLlmError(error, 'aborted') && error.partial?.text).toBe('one two ')
      await letGo(server)
      await provider.close()
    }))
})

describe('a stream that ends without saying that it is whole', () => {
  // No provider of core's making does; one of an app's own may.
  const faulty = (): Provider => {
    const base = mockProvider({ provider: 'openai', model: 'm' })
    const { stream } = base
    base.stream = (...asked) => {
      const whole = stream.apply(base, asked)
      const cut = async function* () {
        for await (const event of whole) {
          if (event.type === 'finish') return
          yield event
        }
      }
      return Object.assign(Object.create(whole), { [Symbol.asyncIterator]: cut })
    }
    return base
  }
  const all: [string, (provider: Provider) => Provider][] = [
    ...Object.entries(around).filter(([name]) => name !== 'nothing'),
    ...Object.entries(several).map(([name, put]): [string, (provider: Provider) => Provider] => [
      name,
      (provider) => put(provider, faulty()),
    ]),
  ]
  it.each(all)('through %s: is no whole one', async (_, put) => {
    const provider = put(faulty())
    const reading = async () => {
      for await (const _ of provider.stream('Count.', { retry: false }));
    }
    const error: unknown = await reading().catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'bad-response', retryable: true })
    expect(String(error)).toContain('ended without saying that it was complete')
    await provider.close()
  })
})

it('a server that is not there at all', async () => {
  const port = await new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
  for (const put of Object.values(around)) {
    const { error } = await outcome(
      put(openai('m', { ...limits, baseURL: `http://127.0.0.1:${port}` })),
      true,
    )
    expect(error).toMatchObject({ code: 'network', message: expect.stringContaining('ECONNREFUSED') })
  }
})
