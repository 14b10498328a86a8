// Shared parts of the wire tests: a server with a fixed answer, and sample events of both APIs.
import { type ChatRequest, isLlmError, type LlmError } from '@patchbay/core'
import { faultServer, type ServedResponse } from '@patchbay/testing'
import { expect, onTestFinished } from 'vitest'
import { type OpenAIOptions, openai } from '../src/index.js'
import { sse } from './server.js'

export async function serve(answer: Parameters<typeof faultServer>[0]) {
  const server = await faultServer(answer)
  onTestFinished(() => server.close())
  return server
}

export const ask = async (answer: ServedResponse, options: Partial<OpenAIOptions> = {}) =>
  openai('gpt-x', { apiKey: 'sk-secret', retry: false, baseURL: (await serve(answer)).url, ...options })

export async function failureOf(promise: Promise<unknown>): Promise<LlmError> {
  const error: unknown = await promise.then(
    (value) => new Error(`expected a failure, got ${JSON.stringify(value)}`),
    (thrown) => thrown,
  )
  if (!isLlmError(error)) throw error
  return error
}

export const chunk = (delta: object, more: object = {}) => ({
  id: 'chatcmpl_1',
  model: 'gpt-x-1',
  choices: [{ index: 0, delta, finish_reason: null, ...more }],
})
export const end = (finish_reason = 'stop') => chunk({}, { finish_reason })
export const calls = (...tool_calls: object[]) => chunk({ tool_calls })
export const completed = (more: object = {}) => ({
  type: 'response.completed',
  response: {
    id: 'resp_1',
    model: 'gpt-x-1',
    status: 'completed',
    output: [],
    usage: {
      input_tokens: 5,
      output_tokens: 2,
      input_tokens_details: { cached_tokens: 3 },
      output_tokens_details: { reasoning_tokens: 1 },
    },
    ...more,
  },
})
export const created = {
  type: 'response.created',
  response: { id: 'resp_1', model: 'gpt-x-1', status: 'in_progress', output: [] },
}

/** The wire body of a request. */
export async function bodyOf(
  request: ChatRequest,
  options: Partial<OpenAIOptions> = {},
): Promise<Record<string, unknown>> {
  const server = await serve(
    options.api === 'responses'
      ? sse([created, completed()])
      : sse([chunk({ content: '{}' }), end(), '[DONE]']),
  )
  const { model = 'gpt-x', ...rest } = options
  await openai(model, { apiKey: 'k', retry: false, baseURL: server.url, ...rest })
    .chat(request)
    .catch((error) => expect(error.code).toBe('structured-output'))
  return server.requests[0]?.json as Record<string, unknown>
}
