// The decoders, and what must hold of each whatever it is fed with. Each target throws where a law is broken.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { claude } from '@patchbay/claude'
import { loadConfig } from '@patchbay/config'
import {
  type CallOptions,
  generateObject,
  isLlmError,
  LlmError,
  type Provider,
  runTools,
} from '@patchbay/core'
import { decodeBody, jsonEvents, jsonLines, wholeJson } from '@patchbay/core/wire'
import { ollama } from '@patchbay/ollama'
import { openai } from '@patchbay/openai'
import { Broken } from './broken.js'
import * as corpus from './corpus.js'
import { checkGateway, requests as gatewayRequests } from './gateway.js'
import { type Case, inPieces } from './mutate.js'
import { oddRequest } from './odd-requests.js'
import { throughPolicies } from './policies.js'

export interface Target {
  corpus: string[]
  /** @throws where a law is broken */
  check(bytes: Uint8Array, cuts: Case['cuts']): Promise<void>
}

/** What came of it: the same for every cut, or a law is broken. */
type Outcome = { gave: unknown } | { failed: string; partial: unknown }

async function outcomeOf(work: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { gave: await work() }
  } catch (error) {
    if (error instanceof Broken) throw error
    if (!isLlmError(error)) throw new Broken('something else than an LlmError was thrown', { cause: error })
    sound(error)
    return { failed: error.code, partial: error.partial?.text }
  }
}

function sound(error: LlmError): void {
  if (error.code === 'timeout') throw new Broken('it hung', { cause: error })
  if (/does not know/.test(error.message)) throw new Broken('nobody foresaw this failure', { cause: error })
  if (error.message.length > 3000) throw new Broken('a message of the size of a body', { cause: error })
  if (error.message.includes('sk-fuzz')) throw new Broken('a key stands in an error', { cause: error })
}

function same(one: Outcome, other: Outcome): void {
  if (!isDeepStrictEqual(one, other))
    throw new Broken(
      `the cut decides: ${JSON.stringify(one).slice(0, 500)}\nor ${JSON.stringify(other).slice(0, 500)}`,
    )
}

const decoder = (
  bodies: string[],
  decode: (body: ReadableStream<Uint8Array>) => AsyncIterable<unknown> | Promise<unknown>,
): Target => ({
  corpus: bodies,
  async check(bytes, cuts) {
    const read = async (body: ReadableStream<Uint8Array>) => {
      const decoded = decode(body)
      if (decoded instanceof Promise) return decoded
      const values: unknown[] = []
      for await (const value of decoded) values.push(value)
      return values
    }
    const [one, other] = [
      await outcomeOf(() => read(inPieces(bytes, cuts[0]))),
      await outcomeOf(() => read(inPieces(bytes, cuts[1]))),
    ]
    same(one, other)
  },
})

const tools = [{ name: 'wave', input: { type: 'object' } }]

const backend = (
  streams: string[],
  type: string,
  make: (fetch: typeof globalThis.fetch) => Provider,
  whole = false,
): Target => ({
  corpus: streams,
  async check(bytes, cuts) {
    const ask = (cut: number[]) =>
      outcomeOf(async () => {
        const provider = make(
          async () => new Response(inPieces(bytes, cut), { headers: { 'content-type': type } }),
        )
        // A short answer that nobody reads as it comes is asked for in one piece.
        if (whole) return settled(await provider.chat({ messages: 'Hi', tools, maxOutputTokens: 100 }))
        let text = ''
        let finishes = 0
        const stream = provider.stream({ messages: 'Hi', tools })
        for await (const event of stream) {
          if (finishes > 0) throw new Broken('an event after the finish')
          if (event.type === 'text') text += event.text
          if (event.type === 'finish') finishes++
        }
        const response = await stream.response()
        if (finishes !== 1) throw new Broken(`${finishes} finish events`)
        if (text !== response.text)
          throw new Broken(`the deltas are ${text}, the response says ${response.text}`)
        return settled(response)
      })
    same(await ask(cuts[0]), await ask(cuts[1]))
  },
})

/** Whatever else a service answers with, asked for through the provider. */
const answer = (
  texts: string[],
  make: (fetch: typeof globalThis.fetch) => Provider,
  ask: (provider: Provider) => Promise<unknown>,
  type = json,
): Target => ({
  corpus: texts,
  async check(bytes, cuts) {
    const asked = (cut: number[]) =>
      outcomeOf(() =>
        ask(
          make(async (input) => {
            // A batch is asked for how it stands before its results are.
            const path = new URL(input instanceof Request ? input.url : input).pathname
            const stands = path.endsWith('/batches/b') || path.endsWith('/v1/messages/batches/b')
            return stands && texts !== corpus.statuses
              ? new Response(JSON.stringify(batch))
              : new Response(inPieces(bytes, cut), { headers: { 'content-type': type } })
          }),
        ),
      )
    same(await asked(cuts[0]), await asked(cuts[1]))
  },
})

const batch = {
  id: 'b',
  status: 'completed',
  processing_status: 'ended',
  output_file_id: 'f',
  request_counts: { total: 2, completed: 2, succeeded: 2 },
}

async function resultsOf(provider: Provider): Promise<unknown> {
  const results: unknown[] = []
  for await (const { index, response, error } of provider.batches.results('b')) {
    // The service itself says of a request that its time was up.
    if (error !== undefined && !/within a day/.test(error.message)) sound(error)
    results.push({ index, failed: error?.code, gave: response && settled(response) })
  }
  return results
}

async function vectorsOf(provider: Provider): Promise<unknown> {
  const { vectors } = await provider.embed(['a', 'b'])
  if (vectors.length !== 2 || vectors.some((vector) => vector.length === 0 || !vector.every(Number.isFinite)))
    throw new Broken('vectors that are none')
  return vectors.map((vector) => [...vector])
}

const sound16 = { audio: Uint8Array.of(1, 2), mediaType: 'audio/wav' }

/** A response without what differs from call to call; all numbers of it are sound. */
function settled({ timing: _, ...response }: Awaited<ReturnType<Provider['chat']>>): unknown {
  for (const [name, count] of Object.entries(response.usage))
    if (count !== undefined && !(Number.isFinite(count) && count >= 0))
      throw new Broken(`usage.${name} is ${count}`)
  for (const { name, id } of response.toolCalls)
    if (typeof name !== 'string' || name === '' || typeof id !== 'string')
      throw new Broken('a call without a name')
  // Ids that we make where a service gives none differ from call to call.
  const text = JSON.stringify(response).replaceAll(/call_[0-9a-f]{8}-[0-9a-f-]{27}/g, 'call_own')
  return JSON.parse(text)
}

const options = { apiKey: 'sk-fuzz', retry: false, timeout: { total: 20_000 } } as const
const sse = 'text/event-stream'
const json = 'application/json'

/** An answer for every backend, whatever it asks for. */
const servers: [type: string, body: string, make: (fetch: typeof globalThis.fetch) => Provider][] = [
  [sse, corpus.claudeStreams[0] ?? '', (fetch) => claude('m', { ...options, fetch })],
  [sse, corpus.chatStreams[0] ?? '', (fetch) => openai('m', { ...options, api: 'chat', fetch })],
  [sse, corpus.responsesStreams[0] ?? '', (fetch) => openai('m', { ...options, api: 'responses', fetch })],
  ['application/x-ndjson', corpus.ollamaStreams[0] ?? '', (fetch) => ollama('m', { ...options, fetch })],
]

const asks: ((provider: Provider, request: never, options: CallOptions) => Promise<unknown>)[] = [
  (provider, request, options) => provider.chat(request, options),
  async (provider, request, options) => {
    for await (const _ of provider.stream(request, options));
  },
  (provider, request, options) => provider.countTokens(request, options),
  (provider, request, options) => provider.embed(request, options),
  (provider, request, options) => provider.rerank(request, options),
  (provider, request, options) => provider.transcribe(request, options),
  (provider, request, options) => provider.batches.submit([request], options),
  (provider, request, options) => runTools(provider, request, options).result(),
  (provider, request, options) => generateObject(provider, { type: 'object' }, request, options),
]

/** Odd values anywhere in a request and its options: an answer or a typed error that somebody has foreseen, in time. */
const requests: Target = {
  corpus: ['requests'],
  async check(bytes) {
    const { request, options, pick } = oddRequest(bytes)
    const [type, body, make] = servers[pick(servers.length)] as (typeof servers)[number]
    const ask = asks[pick(asks.length)] as (typeof asks)[number]
    const provider = make(async () => new Response(body, { headers: { 'content-type': type } }))
    const hung = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Broken('it hung')), 10_000).unref()
    })
    try {
      await Promise.race([ask(provider, request as never, options as CallOptions), hung])
    } catch (error) {
      if (error instanceof Broken) throw error
      if (!isLlmError(error)) throw new Broken('something else than an LlmError was thrown', { cause: error })
      // A limit of a millisecond may well have run out.
      if (error.code !== 'timeout') sound(error)
    }
  },
}

export const targets: Record<string, Target> = {
  requests,
  text: decoder([...corpus.claudeStreams, ...corpus.ollamaStreams], async (body) => {
    let all = ''
    for await (const piece of decodeBody(body, (text) => [text])) all += piece
    return all
  }),
  sse: decoder([...corpus.claudeStreams, ...corpus.chatStreams, ...corpus.responsesStreams], (body) =>
    jsonEvents(body),
  ),
  ndjson: decoder(corpus.ollamaStreams, (body) => jsonLines(body)),
  json: decoder([...corpus.claudeBodies, ...corpus.chatBodies, ...corpus.responsesBodies], (body) =>
    wholeJson(new Response(body), () => new LlmError('bad-response', 'No JSON.')),
  ),
  claude: backend(corpus.claudeStreams, sse, (fetch) => claude('m', { ...options, fetch })),
  'claude whole': backend(corpus.claudeBodies, json, (fetch) => claude('m', { ...options, fetch }), true),
  chat: backend(corpus.chatStreams, sse, (fetch) => openai('m', { ...options, api: 'chat', fetch })),
  'chat whole': backend(
    corpus.chatBodies,
    json,
    (fetch) => openai('m', { ...options, api: 'chat', fetch }),
    true,
  ),
  responses: backend(corpus.responsesStreams, sse, (fetch) =>
    openai('m', { ...options, api: 'responses', fetch }),
  ),
  'responses whole': backend(
    corpus.responsesBodies,
    json,
    (fetch) => openai('m', { ...options, api: 'responses', fetch }),
    true,
  ),
  ollama: backend(corpus.ollamaStreams, 'application/x-ndjson', (fetch) =>
    ollama('m', { ...options, fetch }),
  ),
  'ollama whole': backend(corpus.ollamaBodies, json, (fetch) => ollama('m', { ...options, fetch }), true),
  'gateway bodies': {
    corpus: gatewayRequests,
    check: (bytes) => checkGateway(new Uint8Array(bytes)),
  },
  'policies × doors': {
    corpus: corpus.questions,
    check: async (bytes) => void (await outcomeOf(() => throughPolicies(bytes))),
  },
  'openai vectors': answer(corpus.openaiVectors, (fetch) => openai('m', { ...options, fetch }), vectorsOf),
  'ollama vectors': answer(corpus.ollamaVectors, (fetch) => ollama('m', { ...options, fetch }), vectorsOf),
  'openai models': answer(
    corpus.models,
    (fetch) => openai('m', { ...options, baseURL: 'http://127.0.0.1:9/v1', fetch }),
    async (provider) => [await provider.models(), await provider.capabilities()],
  ),
  'claude models': answer(
    corpus.models,
    (fetch) => claude('m', { ...options, fetch }),
    (provider) => provider.models(),
  ),
  'ollama models': answer(
    corpus.models,
    (fetch) => ollama('m', { ...options, fetch }),
    async (provider) => [await provider.models(), await provider.capabilities()],
  ),
  'openai transcript': answer(
    corpus.transcripts,
    (fetch) => openai('whisper-1', { ...options, fetch }),
    (provider) => provider.transcribe(sound16),
  ),
  'openai count': answer(
    corpus.counts,
    (fetch) => openai('m', { ...options, api: 'responses', fetch }),
    (provider) => provider.countTokens('Hi'),
  ),
  'claude count': answer(
    corpus.counts,
    (fetch) => claude('m', { ...options, fetch }),
    (provider) => provider.countTokens('Hi'),
  ),
  'openai batch status': answer(
    corpus.statuses,
    (fetch) => openai('m', { ...options, fetch }),
    (provider) => provider.batches.status('b'),
  ),
  'claude batch status': answer(
    corpus.statuses,
    (fetch) => claude('m', { ...options, fetch }),
    (provider) => provider.batches.status('b'),
  ),
  'openai batch results': answer(
    corpus.openaiResults,
    (fetch) => openai('m', { ...options, api: 'chat', fetch }),
    resultsOf,
    'application/jsonl',
  ),
  'claude batch results': answer(
    corpus.claudeResults,
    (fetch) => claude('m', { ...options, fetch }),
    resultsOf,
    'application/jsonl',
  ),
  configuration: {
    corpus: corpus.configurations,
    async check(bytes) {
      const folder = mkdtempSync(join(tmpdir(), 'patchbay-fuzz-'))
      try {
        // YAML reads JSON too.
        writeFileSync(join(folder, 'patchbay.config.yaml'), bytes)
        await outcomeOf(async () => {
          const { providers } = await loadConfig({ cwd: folder, user: false })
          for (const name of providers.keys()) if (name === '') throw new Broken('a provider without a name')
        })
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  },
}
