// Servers, lines and errors for tests of Ollama's API.
import { isLlmError, type LlmError } from '@patchbay/core'
import { faultServer, type ServedResponse } from '@patchbay/testing'
import { onTestFinished } from 'vitest'
import { ollama } from '../src/index.js'

/** A loopback server that ends with its test. */
export async function serve(answer: Parameters<typeof faultServer>[0]) {
  const server = await faultServer(answer)
  onTestFinished(() => server.close())
  return server
}

/** The error of a call that must fail. */
export async function failureOf(promise: Promise<unknown>): Promise<LlmError> {
  const error: unknown = await promise.then(
    (value) => new Error(`expected a failure, got ${JSON.stringify(value)}`),
    (thrown) => thrown,
  )
  if (!isLlmError(error)) throw error
  return error
}

export const ndjson = (...lines: unknown[]): ServedResponse => ({
  headers: { 'content-type': 'application/x-ndjson' },
  body: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
})
export const say = (content: string, more: object = {}) => ({
  model: 'tiny:latest',
  message: { role: 'assistant', content, ...more },
  done: false,
})
export const done = (more: object = {}) => ({
  model: 'tiny:latest',
  message: { role: 'assistant', content: '' },
  done: true,
  done_reason: 'stop',
  prompt_eval_count: 7,
  eval_count: 3,
  ...more,
})

/** A provider whose server gives this answer. */
export async function ask(answer: ServedResponse, options = {}) {
  const server = await serve(answer)
  return ollama('tiny', { baseURL: server.url, retry: false, ...options })
}
