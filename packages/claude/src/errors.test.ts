// Errors of the Messages API: each becomes one typed error.
import type { LlmError } from '@patchbay/core'
import type { ServedResponse } from '@patchbay/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { json, sse } from '../test/server.js'
import { ask, block, failureOf, serve, start, stop, text } from '../test/wire.js'
import { claude } from './index.js'

describe('a failure', () => {
  it.each([
    ['without a name', { type: 'tool_use', id: 'c1', input: {} }],
    ['without an id', { type: 'tool_use', name: 'look', input: {} }],
    ['with a name that is none', { type: 'tool_use', id: 'c1', name: 5, input: {} }],
  ])('is the outcome of a tool call %s, not a call of an unknown tool', async (_, call) => {
    const llm = await ask(sse([start(), ...text(0, 'Let me look.'), ...block(1, call), ...stop('tool_use')]))
    const error = await failureOf(
      llm.stream({ messages: 'Hi', tools: [{ name: 'look', input: { type: 'object' } }] }).response(),
    )
    expect(error).toMatchObject({ code: 'bad-response', partial: { text: 'Let me look.' } })
    expect(error.message).toContain('a tool call without its')
  })

  it.each([
    [null, 'an error without words'],
    ['Overloaded', 'Overloaded'],
    [{ type: 5, message: { a: 1 } }, '{"type":5,"message":{"a":1}}'],
    [[], 'an error without words'],
  ])('may come in any shape: %j', async (said, words) => {
    const llm = await ask(sse([start(), ...text(0, 'Half'), { type: 'error', error: said }]))
    const error = await failureOf(llm.stream('Hi').response())
    expect(error).toMatchObject({ code: 'server-error', partial: { text: 'Half' } })
    expect(error.message).toContain(words)
  })

  const error = (type: string, message: string) => ({
    type: 'error',
    error: { type, message },
    request_id: 'req_body',
  })
  it.each<[ServedResponse, Partial<LlmError>, RegExp]>([
    [
      json(error('invalid_request_error', 'messages: too short'), 400),
      { code: 'invalid-request', status: 400, retryable: false },
      /too short\.$/,
    ],
    [
      json(error('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'), 400),
      { code: 'context-length' },
      /Shorten/,
    ],
    [
      json(error('invalid_request_error', 'Your credit balance is too low'), 400),
      { code: 'quota-exceeded' },
      /credit/,
    ],
    [
      json(error('authentication_error', 'invalid x-api-key'), 401),
      { code: 'authentication', status: 401 },
      /ANTHROPIC_API_KEY/,
    ],
    [json(error('permission_error', 'no'), 403), { code: 'permission-denied' }, /no\.$/],
    [
      json(error('not_found_error', 'model: nope'), 404),
      { code: 'not-found', requestId: 'req_body' },
      /name of the model/,
    ],
    [
      json(error('request_too_large', 'too large'), 413),
      { code: 'invalid-request', status: 413 },
      /too large/,
    ],
    [
      json(error('rate_limit_error', 'slow down'), 429, { 'retry-after': '7' }),
      { code: 'rate-limited', retryAfterMs: 7000, retryable: true },
      /slow down/,
    ],
    [json(error('api_error', 'oops'), 500), { code: 'server-error', retryable: true }, /oops/],
    [
      json(error('overloaded_error', 'Overloaded'), 529),
      { code: 'overloaded', status: 529, retryable: true },
      /Overloaded\. Try again later\.$/,
    ],
    [
      json(error('api_error', 'never again'), 500, { 'x-should-retry': 'false' }),
      { code: 'server-error', retryable: false },
      /never again/,
    ],
    [
      json(error('invalid_request_error', 'another request holds it'), 409),
      { code: 'invalid-request', status: 409, retryable: true },
      /holds it/,
    ],
    [
      json(error('not_found_error', 'not yet there'), 404, { 'x-should-retry': 'true' }),
      { code: 'not-found', retryable: true },
      /not yet/,
    ],
    [
      { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>Bad gateway</html>' },
      { code: 'server-error', retryable: true },
      /HTTP 502 with <html>/,
    ],
    [
      { headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' },
      { code: 'bad-response' },
      /web page. baseURL must be the address of an API\.$/,
    ],
    [json({ detail: 'no message' }), { code: 'bad-response' }, /does not answer like Anthropic/],
    [
      { headers: { 'content-type': 'application/json' }, body: '{"half' },
      { code: 'bad-response', retryable: true },
      /ended before it was complete/,
    ],
    [sse([error('overloaded_error', 'Overloaded')]), { code: 'overloaded', retryable: true }, /Overloaded/],
    [
      sse([start(), ...text(0, 'half'), error('overloaded_error', 'Overloaded')]),
      { code: 'overloaded', attempts: 1 },
      /Overloaded/,
    ],
    [{ noAnswer: true }, { code: 'network', retryable: true }, /Anthropic cannot be reached/],
  ])('%j becomes one typed error', async (answer, expected, message) => {
    const said = ['log', 'warn', 'error'].map((method) => vi.spyOn(console, method as 'log'))
    const failure = await failureOf((await ask(answer)).chat('Hello'))
    expect(failure).toMatchObject({ ...expected, provider: 'claude', model: 'claude-x' })
    expect(failure.message).toMatch(message)
    expect(said.flatMap(({ mock }) => mock.calls)).toEqual([])
    expect(JSON.stringify(failure) + String(failure) + failure.stack).not.toContain('sk-secret')
  })

  it('of a missing key names the variable, and nothing is sent', async () => {
    vi.stubEnv('ANTHROPIC_API_KEY', '')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(await failureOf(claude('claude-x').chat('x'))).toMatchObject({
      code: 'authentication',
      message: expect.stringContaining('ANTHROPIC_API_KEY'),
    })
    expect(() => claude('')).toThrow(expect.objectContaining({ code: 'config' }))
  })

  it('before any output is retried, also in a stream', async () => {
    let turn = 0
    const server = await serve(() =>
      turn++ === 0
        ? sse([start(), error('overloaded_error', 'Overloaded')])
        : sse([start(), ...text(0, 'Hi'), ...stop()]),
    )
    expect(
      await claude('claude-x', { apiKey: 'k', baseURL: server.url, retry: { baseDelay: 1 } }).chat('x'),
    ).toMatchObject({ text: 'Hi', attempts: 2 })
  })
})
