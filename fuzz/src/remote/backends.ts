// The remote backends with sample answers in each service's form, for invariants of all of them.
import { claude } from '@patchbay/claude'
import type { Provider, ProviderOptions } from '@patchbay/core'
import { gemini } from '@patchbay/gemini'
import { ollama } from '@patchbay/ollama'
import { openai } from '@patchbay/openai'
import { onTestFinished } from 'vitest'
import { faultServer, type ServedResponse } from '../../../packages/testing/src/fault-server.js'

export type Options = ProviderOptions & { baseURL: string; apiKey?: string; fetch?: typeof fetch }

/** A remote backend and the forms its service speaks in. */
export interface Remote {
  factory(model: string): Provider
  make(options: Options): Provider
  /** A refusal. */
  refusal(words: string): object
  /** A stream that fails before anything is said, or after it. */
  broken(words: string, begun: boolean): ServedResponse
  /** An answer in one piece that says it failed. */
  failedWhole(words: string): ServedResponse
  /** An answer that is one. */
  answer: ServedResponse
  /** The results of a batch, one of which failed; by path. */
  batch?(words: string, path: string): ServedResponse
}

const json = (body: unknown): ServedResponse => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})
const sse = (...events: unknown[]): ServedResponse => ({
  headers: { 'content-type': 'text/event-stream' },
  body: events
    .map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`)
    .join(''),
})
const lines = (...values: unknown[]): ServedResponse => ({
  headers: { 'content-type': 'application/x-ndjson' },
  body: values.map((value) => `${JSON.stringify(value)}\n`).join(''),
})

const anthropicError = (message: string) => ({
  type: 'error',
  error: { type: 'invalid_request_error', message },
})
const openaiError = (message: string) => ({ error: { message, type: 'invalid_request_error' } })
const chunk = (content: string, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta: { content }, finish_reason }],
})
const messageStart = { type: 'message_start', message: { id: 'm', model: 'm', content: [], usage: {} } }
const textBlock = [
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Half' } },
]
const googleError = (message: string) => ({ error: { code: 400, message, status: 'INVALID_ARGUMENT' } })
const candidate = (text: string, finishReason?: string) => ({
  candidates: [{ content: { parts: [{ text }] }, finishReason }],
  usageMetadata: {},
})
const created = { type: 'response.created', response: { id: 'r', model: 'm' } }

/** The results of a batch of OpenAI's. */
const openaiBatch = (words: string, path: string): ServedResponse =>
  path.endsWith('/content')
    ? lines({ custom_id: 'request-0', response: { status_code: 400, body: openaiError(words) } })
    : json({ id: 'b', status: 'completed', output_file_id: 'f', request_counts: { total: 1, completed: 0 } })

const anthropic: Omit<Remote, 'factory' | 'make'> = {
  refusal: anthropicError,
  broken: (words, begun) => sse(...(begun ? [messageStart, ...textBlock] : []), anthropicError(words)),
  failedWhole: (words) => json(anthropicError(words)),
  answer: sse(
    messageStart,
    ...textBlock,
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: {} },
    { type: 'message_stop' },
  ),
}

export const remotes: Record<
  'claude' | 'vertex' | 'bedrock' | 'gemini' | 'chat' | 'responses' | 'azure' | 'ollama',
  Remote
> = {
  claude: {
    ...anthropic,
    factory: claude,
    make: (options) => claude('m', { apiKey: 'sk-none-at-all', ...options }),
    batch: (words, path) =>
      path.endsWith('/results')
        ? lines({ custom_id: 'request-0', result: { type: 'errored', error: anthropicError(words) } })
        : json({ id: 'b', processing_status: 'ended', request_counts: { errored: 1 } }),
  },
  // It has no keys and no batches.
  vertex: {
    ...anthropic,
    factory: claude,
    make: ({ apiKey, headers, ...options }) =>
      claude('m', {
        ...{ host: 'vertex', project: 'p', ...options },
        headers: { ...(apiKey && { authorization: `Bearer ${apiKey}` }), ...headers },
      }),
  },
  // It has no batches.
  bedrock: {
    ...anthropic,
    factory: claude,
    make: (options) => claude('m', { host: 'bedrock', ...options }),
  },
  gemini: {
    factory: gemini,
    make: (options) => gemini('m', { apiKey: 'AIza-none-at-all', ...options }),
    refusal: googleError,
    broken: (words, begun) => sse(...(begun ? [candidate('Half')] : []), googleError(words)),
    failedWhole: (words) => json(googleError(words)),
    answer: sse(candidate('Half'), candidate('', 'STOP')),
    batch: (words) =>
      json({
        name: 'batches/b',
        metadata: {
          state: 'BATCH_STATE_SUCCEEDED',
          batchStats: { requestCount: '1', failedRequestCount: '1' },
        },
        response: {
          inlinedResponses: { inlinedResponses: [{ metadata: { key: '0' }, ...googleError(words) }] },
        },
      }),
  },
  chat: {
    factory: openai,
    make: (options) => openai('m', { api: 'chat', ...options }),
    refusal: openaiError,
    broken: (words, begun) => sse(...(begun ? [chunk('Half')] : []), openaiError(words)),
    failedWhole: (words) => json(openaiError(words)),
    answer: sse(chunk('Half'), chunk('', 'stop'), '[DONE]'),
    batch: openaiBatch,
  },
  azure: {
    factory: openai,
    make: (options) => openai('m', { host: 'azure', ...options }),
    refusal: openaiError,
    broken: (words, begun) => sse(...(begun ? [chunk('Half')] : []), openaiError(words)),
    failedWhole: (words) => json(openaiError(words)),
    answer: sse(chunk('Half'), chunk('', 'stop'), '[DONE]'),
    batch: openaiBatch,
  },
  responses: {
    factory: openai,
    make: (options) => openai('m', { api: 'responses', ...options }),
    refusal: openaiError,
    broken: (words, begun) =>
      sse(
        ...(begun ? [created, { type: 'response.output_text.delta', output_index: 0, delta: 'Half' }] : []),
        { type: 'error', ...openaiError(words) },
      ),
    failedWhole: (words) => json(openaiError(words)),
    answer: sse(
      created,
      { type: 'response.output_text.delta', output_index: 0, delta: 'Half' },
      {
        type: 'response.completed',
        response: { id: 'r', model: 'm', status: 'completed', output: [] },
      },
    ),
    batch: openaiBatch,
  },
  ollama: {
    factory: ollama,
    make: (options) => ollama('m', options),
    refusal: (error) => ({ error }),
    broken: (words, begun) => lines(...(begun ? [{ message: { content: 'Half' } }] : []), { error: words }),
    failedWhole: (words) => json({ error: words }),
    answer: lines({ message: { content: 'Half' } }, { message: { content: '' }, done: true }),
  },
}

export async function serve(answer: Parameters<typeof faultServer>[0]) {
  const server = await faultServer(answer)
  onTestFinished(() => server.close())
  return server
}

/** What a promise fails with; a success is none. */
export async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    (value) => {
      throw new Error(`expected a failure, got ${JSON.stringify(value)}`)
    },
    (error: unknown) => error,
  )
}
