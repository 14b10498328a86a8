// Errors of Ollama: each becomes one typed error, without keys.
import { inspect } from 'node:util'
import type { LlmError } from '@patchbay/core'
import { faultServer, type ServedResponse } from '@patchbay/testing'
import { describe, expect, it, vi } from 'vitest'
import { json } from '../test/server.js'
import { ask, done, failureOf, ndjson, say, serve } from '../test/wire.js'
import { ollama } from './index.js'

describe('a failure', () => {
  it('is the outcome of a tool call without a name, not a call of an unknown tool', async () => {
    const call = { tool_calls: [{ function: { arguments: { at: 'it' } } }] }
    const llm = await ask(ndjson(say('Let me look.'), say('', call), done()))
    const error = await failureOf(
      llm.stream({ messages: 'Hi', tools: [{ name: 'look', input: { type: 'object' } }] }).response(),
    )
    expect(error).toMatchObject({ code: 'bad-response', partial: { text: 'Let me look.' } })
  })

  it.each<[ServedResponse, Partial<LlmError>, RegExp]>([
    [
      json({ error: "model 'tiny' not found" }, 404),
      { code: 'not-found', status: 404, retryable: false },
      /ollama pull tiny\.$/,
    ],
    [
      json({ error: '"tiny" does not support tools' }, 400),
      { code: 'unsupported', status: 400 },
      /does not support tools\. Leave it out/,
    ],
    [
      json({ error: 'the input length exceeds the context length' }, 400),
      { code: 'context-length', status: 400, retryable: false },
      /raise `context`/,
    ],
    [
      json({ error: 'invalid options: nonsense' }, 400),
      { code: 'invalid-request', status: 400 },
      /nonsense\.$/,
    ],
    [
      json({ error: 'unauthorized', signin_url: 'https://example.com' }, 401),
      { code: 'authentication', status: 401 },
      /unauthorized/,
    ],
    [json({ error: 'forbidden' }, 403), { code: 'permission-denied', status: 403 }, /forbidden/],
    [
      {
        ...json({ error: 'slow down' }, 429),
        headers: { 'content-type': 'application/json', 'retry-after': '7' },
      },
      { code: 'rate-limited', retryAfterMs: 7000, retryable: true },
      /slow down/,
    ],
    [
      json({ error: 'server busy, please try again. maximum pending requests exceeded' }, 503),
      { code: 'overloaded', status: 503 },
      /Try again later/,
    ],
    [
      json({ error: 'model requires more system memory (8 GiB) than is available (2 GiB)' }, 500),
      { code: 'model-load', status: 500 },
      /smaller model/,
    ],
    [
      json({ error: 'something broke' }, 500),
      { code: 'server-error', status: 500, retryable: true },
      /something broke\.$/,
    ],
    [json({ error: { message: 'an object' } }, 502), { code: 'server-error', status: 502 }, /an object\.$/],
    [
      { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>Bad gateway</html>' },
      { code: 'server-error', status: 502 },
      /HTTP 502 with <html>Bad gateway/,
    ],
    [{ status: 302, headers: { location: '/login' } }, { code: 'bad-response', status: 302 }, /HTTP 302/],
    [
      { headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' },
      { code: 'bad-response' },
      /web page. baseURL must be the address of an API\.$/,
    ],
    [json({ detail: 'not a completion' }), { code: 'bad-response' }, /does not answer like Ollama/],
    [json([]), { code: 'bad-response' }, /does not answer like Ollama/],
    [{ body: '' }, { code: 'bad-response' }, /ended without/],
    [
      ndjson(say('half'), { error: 'llama runner process has terminated' }),
      { code: 'model-load', attempts: 1 },
      /server's log/,
    ],
    [
      ndjson({ error: 'an error line first' }),
      { code: 'server-error', retryable: true },
      /an error line first/,
    ],
    [{ noAnswer: true }, { code: 'network', retryable: true }, /cannot be reached.*ollama serve\.$/],
  ])('%j becomes one typed error', async (answer, expected, message) => {
    const said = vi.spyOn(console, 'log')
    const warned = vi.spyOn(console, 'warn')
    const error = await failureOf((await ask(answer)).chat('Hello'))
    expect(error).toMatchObject({ ...expected, provider: 'ollama', model: 'tiny' })
    expect(error.message).toMatch(message)
    expect([...said.mock.calls, ...warned.mock.calls]).toEqual([])
  })

  it('of a server that does not run names it, and the command that starts it', async () => {
    const server = await faultServer({})
    await server.close()
    const error = await failureOf(ollama('tiny', { baseURL: server.url, retry: false }).chat('Hello'))
    expect(error).toMatchObject({
      code: 'network',
      message: expect.stringMatching(/127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)\. .*ollama serve/),
    })
  })

  it('before any output is retried, also when it comes as a line', async () => {
    let turn = 0
    const server = await serve(() =>
      turn++ === 0 ? ndjson({ error: 'server busy, please try again' }) : ndjson(say('Hi'), done()),
    )
    expect(
      await ollama('tiny', { baseURL: server.url, retry: { baseDelay: 1 } }).chat('Hello'),
    ).toMatchObject({ text: 'Hi', attempts: 2 })
  })

  it('never shows the key', async () => {
    const server = await serve(json({ error: 'unauthorized' }, 401))
    const error = await failureOf(ollama('tiny', { baseURL: server.url, apiKey: 'sk-secret' }).chat('Hello'))
    expect(JSON.stringify(error) + String(error) + error.stack).not.toContain('sk-secret')
  })
})

it('a key that no header can hold is a typed error without the key', async () => {
  const error = await failureOf(ollama('tiny', { retry: false, apiKey: 'sk-secret\n\u0000' }).chat('x'))
  expect(error).toMatchObject({ code: 'invalid-request', message: expect.stringContaining('Check the key') })
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('sk-secret')
})

it('a key that the service repeats in its refusal is nowhere in the error', async () => {
  const key = 'sk-live-0123456789'
  const refusal = { error: { type: 'authentication_error', message: `Received=${key}, which is not valid` } }
  const llm = await ask(json(refusal, 401), { apiKey: key })
  const error = await failureOf(llm.chat('Hi'))
  expect(error.message).toContain('Received=…')
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(key)
})

it('a key that the service repeats during a download is nowhere in the error', async () => {
  const key = 'sk-live-0123456789'
  const llm = await ask(ndjson({ status: 'pulling manifest' }, { error: `denied for ${key}` }), {
    apiKey: key,
  })
  const pull = async () => {
    for await (const _ of llm.pull());
  }
  const error = await failureOf(pull())
  expect(error.message).toContain('denied for …')
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(key)
})
