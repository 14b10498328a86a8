// Fuzz targets of the chat decoders, with the invariants of each. A target throws when an invariant is broken.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { claude } from '@patchbay/claude'
import { loadConfig } from '@patchbay/config'
import { LlmError, type Provider } from '@patchbay/core'
import { jsonEvents, jsonLines, wholeJson } from '@patchbay/core/wire'
import { gemini } from '@patchbay/gemini'
import { ollama } from '@patchbay/ollama'
import { openai } from '@patchbay/openai'
import { decodeBody } from '../../packages/core/src/wire/http/body.js'
import { answerTargets } from './answer-targets.js'
import { Broken } from './broken.js'
import * as corpus from './corpus.js'
import { checkGateway, requests as gatewayRequests } from './gateway.js'
import { options, outcomeOf, same, settled, type Target } from './invariants.js'
import { inPieces } from './mutate.js'
import { oddRequests } from './odd-requests.js'
import { throughPolicies } from './policies.js'

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
        // A short answer that is not read as a stream is requested whole.
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

const sse = 'text/event-stream'
const json = 'application/json'

export const targets: Record<string, Target> = {
  requests: oddRequests,
  text: decoder([...corpus.claudeStreams, ...corpus.ollamaStreams], async (body) => {
    let all = ''
    const pieces = decodeBody(
      body,
      (text) => [text],
      (text) => text,
    )
    for await (const piece of pieces) all += piece
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
  gemini: backend(corpus.geminiStreams, sse, (fetch) => gemini('m', { ...options, fetch })),
  'gemini whole': backend(corpus.geminiBodies, json, (fetch) => gemini('m', { ...options, fetch }), true),
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
  ...answerTargets,
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
