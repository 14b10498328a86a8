// The decoders, and what must hold of each whatever it is fed with. Each target throws where a law is broken.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { claude } from '@patchbay/claude'
import { loadConfig } from '@patchbay/config'
import { isLlmError, LlmError, type Provider } from '@patchbay/core'
import { decodeBody, jsonEvents, jsonLines, wholeJson } from '@patchbay/core/wire'
import { ollama } from '@patchbay/ollama'
import { openai } from '@patchbay/openai'
import * as corpus from './corpus.js'
import { checkRequest, requests } from './gateway.js'
import { type Case, inPieces } from './mutate.js'

export interface Target {
  corpus: string[]
  /** @throws where a law is broken */
  check(bytes: Uint8Array, cuts: Case['cuts']): Promise<void>
}

/** A law is broken. */
class Broken extends Error {}

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

export const targets: Record<string, Target> = {
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
    corpus: requests,
    check: (bytes) => checkRequest(new Uint8Array(bytes)),
  },
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
