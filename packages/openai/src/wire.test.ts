// Failures on the wire, in both APIs: error bodies, truncated streams, refusals, keys.
import { inspect } from 'node:util'
import type { LlmError } from '@patchbay/core'
import type { ServedResponse } from '@patchbay/testing'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { json, sse } from '../test/server.js'
import { ask, calls, chunk, completed, created, end, failureOf, serve } from '../test/wire.js'
import { openai } from './index.js'

describe('both APIs', () => {
  const item = { type: 'function_call', call_id: 'c1', arguments: '{}' }
  const nameless = {
    chat: [
      chunk({ content: 'Hm.' }),
      calls({ index: 0, id: 'a', function: { arguments: '{}' } }),
      end('tool_calls'),
    ],
    responses: [
      created,
      { type: 'response.output_text.delta', output_index: 0, delta: 'Hm.' },
      { type: 'response.output_item.added', output_index: 1, item },
      { type: 'response.output_item.done', output_index: 1, item },
      completed(),
    ],
  }
  it.each(['chat', 'responses'] as const)('%s: a tool call without a name is an error', async (api) => {
    const llm = await ask(sse(nameless[api]), { api })
    const error = await failureOf(
      llm.stream({ messages: 'Hi', tools: [{ name: 'look', input: { type: 'object' } }] }).response(),
    )
    expect(error).toMatchObject({ code: 'bad-response', partial: { text: 'Hm.' } })
  })

  const bodies = {
    chat: sse([chunk({ content: 'Wörld 🦀' }), chunk({ content: ' peace' }), end(), '[DONE]']),
    responses: sse([
      created,
      { type: 'response.output_text.delta', output_index: 0, delta: 'Wörld 🦀' },
      { type: 'response.output_text.delta', output_index: 0, delta: ' peace' },
      completed(),
    ]),
  } as const

  describe.each(['chat', 'responses'] as const)('%s', (api) => {
    it('law: truncated anywhere before its end, it is an error with the part that arrived', async () => {
      const body = Buffer.from(bodies[api].body as string)
      const last = body.indexOf(api === 'chat' ? '"finish_reason":"stop"' : '"response.completed"')
      let fault: Partial<ServedResponse> = {}
      const server = await serve(() => ({ ...bodies[api], ...fault }))
      const provider = openai('gpt-x', { apiKey: 'k', baseURL: server.url, retry: false, api })
      await fc.assert(
        fc.asyncProperty(fc.nat(last), fc.constantFrom('cutAt', 'resetAt'), async (at, kind) => {
          fault = { [kind]: at }
          const error = await failureOf(provider.chat('Hello'))
          expect(['bad-response', 'network']).toContain(error.code)
          expect('Wörld 🦀 peace'.startsWith(error.partial?.text ?? '')).toBe(true)
        }),
        { numRuns: 40 },
      )
    })

    it('is the same for every division into packets, ends at its last event, and frees the connection', async () => {
      for (const chunk of [1, 3, 64])
        expect((await (await ask({ ...bodies[api], chunk }, { api })).chat('x')).text).toBe('Wörld 🦀 peace')
      const open = await serve({ ...bodies[api], neverEnd: true })
      expect((await openai('gpt-x', { apiKey: 'k', baseURL: open.url, api }).chat('x')).text).toBe(
        'Wörld 🦀 peace',
      )
      const stalling = await serve({ ...bodies[api], stallAt: 120 })
      expect(
        await failureOf(
          openai('gpt-x', {
            apiKey: 'k',
            baseURL: stalling.url,
            api,
            retry: false,
            timeout: { first: 60, idle: 60 },
          }).chat('x'),
        ),
      ).toMatchObject({ code: 'timeout' })
      await vi.waitFor(() => expect([open.open, stalling.open]).toEqual([0, 0]))
    })

    const error = (more: object) => ({
      error: { message: 'It failed', type: 'x', param: null, code: null, ...more },
    })
    it.each<[ServedResponse, Partial<LlmError>, RegExp]>([
      [
        json(error({ type: 'invalid_request_error' }), 400),
        { code: 'invalid-request', status: 400, retryable: false, requestId: 'req_1' },
        /It failed\.$/,
      ],
      [
        json(error({ code: 'context_length_exceeded' }), 400),
        { code: 'context-length', retryable: false },
        /Shorten/,
      ],
      [
        // llama-server without a projector.
        json(
          error({ code: 500, type: 'server_error', message: 'image input is not supported - hint: mmproj' }),
          500,
        ),
        { code: 'unsupported', retryable: false },
        /image input is not supported/,
      ],
      [
        json(error({ code: 'invalid_api_key', message: 'Incorrect API key' }), 401),
        { code: 'authentication' },
        /Check the key/,
      ],
      [json(error({ code: 'model_not_found' }), 404), { code: 'not-found' }, /name of the model/],
      [
        json(error({ code: 'insufficient_quota' }), 429),
        { code: 'quota-exceeded', retryable: false },
        /billing/,
      ],
      [
        json(error({ code: 'rate_limit_exceeded' }), 429, { 'retry-after-ms': '250' }),
        { code: 'rate-limited', retryAfterMs: 250, retryable: true },
        /Try again/,
      ],
      [json(error({ type: 'server_error' }), 500), { code: 'server-error', retryable: true }, /It failed/],
      [json([error({ message: 'in a list' })], 400), { code: 'invalid-request' }, /in a list/],
      [json({ detail: 'Not Found' }, 404), { code: 'not-found' }, /Not Found/],
      [
        { status: 503, headers: { 'content-type': 'text/html' }, body: '<html>Busy</html>' },
        { code: 'overloaded', retryable: true },
        /HTTP 503 with <html>/,
      ],
      [
        { headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' },
        { code: 'bad-response' },
        /./,
      ],
      [json({ detail: 'no completion' }), { code: 'bad-response' }, /does not answer like/],
      [
        { headers: { 'content-type': 'application/json' }, body: '{"half' },
        { code: 'bad-response', retryable: true },
        /ended before it was complete/,
      ],
      [
        sse([error({ code: 400, message: 'Token limit reached' })]),
        { code: 'context-length' },
        /Token limit/,
      ],
      [sse([error({ type: 'server_error' })]), { code: 'server-error', retryable: true }, /It failed/],
      [{ noAnswer: true }, { code: 'network', retryable: true }, /cannot be reached.*Is it running/],
    ])('%j becomes one typed error', async (answer, expected, message) => {
      const said = ['log', 'warn', 'error'].map((method) => vi.spyOn(console, method as 'log'))
      const failure = await failureOf((await ask(answer, { api })).chat('Hello'))
      expect(failure).toMatchObject({ ...expected, provider: 'openai', model: 'gpt-x' })
      expect(failure.message).toMatch(message)
      expect(said.flatMap(({ mock }) => mock.calls)).toEqual([])
      expect(JSON.stringify(failure) + String(failure) + failure.stack).not.toContain('sk-secret')
    })
  })

  it('fail after output began with the partial answer, and without a retry', async () => {
    const failed = {
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'server_error', message: 'It broke' } },
    }
    expect(
      await failureOf(
        (await ask(sse([chunk({ content: 'half' }), { error: { message: 'It broke', code: 502 } }]))).chat(
          'x',
        ),
      ),
    ).toMatchObject({ code: 'server-error', attempts: 1, partial: { text: 'half' } })
    expect(
      await failureOf(
        (
          await ask(
            sse([created, { type: 'response.output_text.delta', output_index: 0, delta: 'half' }, failed]),
            { api: 'responses' },
          )
        ).chat('x'),
      ),
    ).toMatchObject({ code: 'server-error', partial: { text: 'half' } })
    expect(
      await failureOf(
        (
          await ask(sse([created, { type: 'error', code: 'rate_limit_exceeded', message: 'Slow down' }]), {
            api: 'responses',
          })
        ).chat('x'),
      ),
    ).toMatchObject({ code: 'rate-limited' })
    // The code says what it is; the type is the family that a gateway picked.
    const cut = { type: 'invalid_request_error', code: 'request_timeout', message: 'stream disconnected' }
    expect(
      await failureOf(
        (await ask(sse([created, { type: 'error', error: cut }]), { api: 'responses' })).chat('x'),
      ),
    ).toMatchObject({ code: 'server-error', retryable: true })
  })

  it('report a server without TLS', async () => {
    const server = await serve(bodies.chat)
    const address = server.url.replace('http:', 'https:')
    const error = await failureOf(openai('m', { apiKey: 'k', baseURL: address, retry: false }).chat('x'))
    expect(error).toMatchObject({
      code: 'network',
      message: expect.stringMatching(/cannot be reached \(.+\)/),
    })
  })

  it('send the key in the header of the preset', async () => {
    const server = await serve(bodies.chat)
    await openai('m', { apiKey: 'sk-azure', baseURL: server.url, preset: 'azure' }).chat('x')
    expect(server.requests[0]?.headers).toMatchObject({
      'api-key': 'sk-azure',
      authorization: 'Bearer sk-azure',
    })
  })

  it('need a key for a service, and none for an unknown server', async () => {
    vi.stubEnv('OPENAI_API_KEY', '')
    vi.stubEnv('GROQ_API_KEY', '')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(
      await failureOf(openai('gpt-5', { baseURL: 'https://api.openai.com/v1' }).chat('x')),
    ).toMatchObject({ code: 'authentication', message: expect.stringContaining('OPENAI_API_KEY') })
    expect(
      await failureOf(openai('m', { baseURL: 'https://api.groq.com/openai/v1' }).chat('x')),
    ).toMatchObject({ code: 'authentication', message: expect.stringContaining('GROQ_API_KEY') })
    expect((await (await ask(bodies.chat, { apiKey: '' })).chat('x')).text).toBe('Wörld 🦀 peace')
    expect(() => openai('')).toThrow(expect.objectContaining({ code: 'config' }))
    expect(() => openai('m', { baseURL: 'nowhere' })).toThrow(
      expect.objectContaining({ code: 'config', message: expect.stringContaining('baseURL') }),
    )
  })
})

it('a key that the service repeats in its refusal is not in the error', async () => {
  const key = 'sk-live-0123456789'
  const refusal = { error: { type: 'authentication_error', message: `Received=${key}, which is not valid` } }
  const llm = await ask(json(refusal, 401), { apiKey: key })
  const error = await failureOf(llm.chat('Hi'))
  expect(error.message).toContain('Received=…')
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(key)
})
