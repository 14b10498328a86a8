// Servers, events and bodies for tests of the Messages API.
import { type ChatRequest, isLlmError, type LlmError, type Warning } from '@patchbay/core'
import { faultServer, type ServedResponse } from '@patchbay/testing'
import { expect, onTestFinished } from 'vitest'
import { claude } from '../src/index.js'
import { sse } from './server.js'

/** A loopback server that ends with its test. */
export async function serve(answer: Parameters<typeof faultServer>[0]) {
  const server = await faultServer(answer)
  onTestFinished(() => server.close())
  return server
}

/** Options of a provider whose calls are not retried. */
export const options = { apiKey: 'sk-secret', retry: false } as const
/** A provider whose server gives this answer. */
export const ask = async (answer: ServedResponse, model = 'claude-x') =>
  claude(model, { ...options, baseURL: (await serve(answer)).url })

/** The error of a call that must fail. */
export async function failureOf(promise: Promise<unknown>): Promise<LlmError> {
  const error: unknown = await promise.then(
    (value) => new Error(`expected a failure, got ${JSON.stringify(value)}`),
    (thrown) => thrown,
  )
  if (!isLlmError(error)) throw error
  return error
}

export const start = (more: object = {}) => ({
  type: 'message_start',
  message: {
    id: 'msg_1',
    model: 'claude-x-1',
    content: [],
    stop_reason: null,
    usage: {
      input_tokens: 3,
      cache_read_input_tokens: 20,
      cache_creation_input_tokens: 100,
      output_tokens: 1,
    },
    ...more,
  },
})
export const block = (index: number, content_block: object, ...deltas: object[]) => [
  { type: 'content_block_start', index, content_block },
  ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
  { type: 'content_block_stop', index },
]
export const text = (index: number, ...pieces: string[]) =>
  block(index, { type: 'text', text: '' }, ...pieces.map((piece) => ({ type: 'text_delta', text: piece })))
export const stop = (stop_reason = 'end_turn', usage: object = { output_tokens: 9 }) => [
  { type: 'message_delta', delta: { stop_reason }, usage },
  { type: 'message_stop' },
]

/** The body that a request becomes. */
export async function bodyOf(request: ChatRequest, model = 'claude-x'): Promise<Record<string, unknown>> {
  const server = await serve(sse([start(), ...text(0, '{}'), ...stop()]))
  await claude(model, { ...options, baseURL: server.url })
    .chat(request)
    .catch((error) => expect(error.code).toBe('structured-output'))
  return server.requests[0]?.json as Record<string, unknown>
}

/** The request that goes out, and the warnings of its answer. */
export async function sentFor(
  request: Partial<ChatRequest>,
  model = 'claude-x',
  headers: Record<string, string> = {},
): Promise<{ body: Record<string, unknown>; headers: Record<string, unknown>; warnings: Warning[] }> {
  const server = await serve(sse([start(), ...text(0, '{}'), ...stop()]))
  const { warnings } = await claude(model, { ...options, baseURL: server.url, headers }).chat({
    messages: 'x',
    ...request,
  })
  const [sent] = server.requests
  return { body: sent?.json as Record<string, unknown>, headers: sent?.headers ?? {}, warnings }
}
