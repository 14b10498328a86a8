// Servers, chunks and bodies for tests of the Gemini API.
import { type ChatRequest, isLlmError, type LlmError, type Warning } from '@patchbay/core'
import { faultServer, type ServedResponse } from '@patchbay/testing'
import { expect, onTestFinished } from 'vitest'
import { type GeminiOptions, gemini } from '../src/index.js'
import { sse } from './server.js'

/** A loopback server that ends with its test. */
export async function serve(answer: Parameters<typeof faultServer>[0]) {
  const server = await faultServer(answer)
  onTestFinished(() => server.close())
  return server
}

/** Options of a provider whose calls are not retried. */
export const options = { apiKey: 'AIza-secret', retry: false } as const
/** A provider whose server gives this answer. */
export const ask = async (answer: ServedResponse, model = 'gemini-3.6-flash') =>
  gemini(model, { ...options, baseURL: (await serve(answer)).url })

/** The error of a call that must fail. */
export async function failureOf(promise: Promise<unknown>): Promise<LlmError> {
  const error: unknown = await promise.then(
    (value) => new Error(`expected a failure, got ${JSON.stringify(value)}`),
    (thrown) => thrown,
  )
  if (!isLlmError(error)) throw error
  return error
}

const head = { responseId: 'resp_1', modelVersion: 'gemini-x-001' }
const usage = { promptTokenCount: 10, candidatesTokenCount: 4, totalTokenCount: 14 }

/** A chunk with these parts. */
export const chunk = (parts: object[], more: object = {}) => ({
  ...head,
  candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
  usageMetadata: usage,
})
/** The last chunk. */
export const last = (finishReason = 'STOP', parts: object[] = [{ text: '' }], more: object = {}) =>
  chunk(parts, { finishReason, ...more })

/** The request that goes out, and the warnings of its answer. */
export async function sentFor(
  request: Partial<ChatRequest>,
  model = 'gemini-3.6-flash',
  more: Partial<GeminiOptions> = {},
): Promise<{
  path: string
  body: Record<string, unknown>
  headers: Record<string, unknown>
  warnings: Warning[]
}> {
  const server = await serve(sse([chunk([{ text: '{}' }]), last()]))
  const { warnings } = await gemini(model, { ...options, baseURL: server.url, ...more })
    .stream({ messages: 'x', ...request })
    .response()
  const [sent] = server.requests
  expect(sent).toBeDefined()
  return {
    path: sent?.path ?? '',
    body: sent?.json as Record<string, unknown>,
    headers: sent?.headers ?? {},
    warnings,
  }
}
