// Token counts, lists of models, API keys.
import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { json } from '../test/server.js'
import { failureOf, options, serve } from '../test/wire.js'
import { claude } from './index.js'

describe('the rest of the service', () => {
  it('counts tokens and lists models', async () => {
    const server = await serve(({ path }) =>
      path.includes('count_tokens')
        ? json({ input_tokens: 42 })
        : json({ data: [{ id: 'claude-x', display_name: 'X' }], has_more: false }),
    )
    const provider = claude('claude-x', { ...options, baseURL: server.url })
    expect(await provider.countTokens('Hello')).toBe(42)
    expect(server.requests[0]?.json).toEqual({
      model: 'claude-x',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
    })
    expect(server.requests[0]?.headers['x-api-key']).toBe('sk-secret')
    expect(await provider.models()).toEqual([{ id: 'claude-x', name: 'X' }])
  })

  it('other servers of its protocol may count no tokens, see no images, and say nothing of their models', async () => {
    const notFound = { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found' }
    const server = await serve(({ path }) =>
      path.includes('count_tokens')
        ? notFound
        : json(
            {
              error: {
                code: 500,
                message: 'image input is not supported - hint: mmproj',
                type: 'server_error',
              },
            },
            500,
          ),
    )
    const provider = claude('qwen3', { ...options, baseURL: server.url, retry: false })
    expect(await failureOf(provider.countTokens('Hello'))).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('does not count tokens'),
    })
    const image = { type: 'image', data: 'AAAA', mediaType: 'image/png' } as const
    expect(await failureOf(provider.chat({ messages: [{ role: 'user', content: [image] }] }))).toMatchObject({
      code: 'unsupported',
      retryable: false,
    })
    expect(await provider.capabilities()).toMatchObject({
      tools: 'unknown',
      vision: 'unknown',
      json: 'unknown',
    })
  })

  it('knows what model families can do, and takes newer rules', async () => {
    expect(await claude('claude-3-haiku-20240307').capabilities()).toMatchObject({
      reasoning: false,
      json: false,
      maxOutput: 4096,
    })
    expect(await claude('claude-of-tomorrow').capabilities()).toMatchObject({ reasoning: true, json: true })
    expect(
      await claude('claude-of-tomorrow', { rules: { contextWindow: 1_000_000 } }).capabilities(),
    ).toMatchObject({ contextWindow: 1_000_000 })
  })
})

it.each([
  ['authorization', 'Bearer of-the-caller'],
  ['X-Api-Key', 'of-the-caller'],
])("a key in the caller's own header %s goes alone", async (name, value) => {
  vi.stubEnv('ANTHROPIC_API_KEY', 'of-the-environment')
  const server = await serve(json({ input_tokens: 1 }))
  vi.stubEnv('ANTHROPIC_BASE_URL', server.url)
  onTestFinished(() => void vi.unstubAllEnvs())
  await claude('claude-x', { headers: { [name]: value } }).countTokens('x')
  const { authorization, 'x-api-key': key } = server.requests[0]?.headers ?? {}
  expect([authorization, key].filter(Boolean)).toEqual([value])
})

it('a key goes in one header, in every request', async () => {
  const server = await serve(json({ input_tokens: 1 }))
  vi.stubEnv('ANTHROPIC_BASE_URL', server.url)
  onTestFinished(() => void vi.unstubAllEnvs())
  await claude('claude-x', { apiKey: 'sk-secret' }).countTokens('x')
  expect(server.requests[0]?.headers).toMatchObject({ 'x-api-key': 'sk-secret' })
  expect(server.requests[0]?.headers).not.toHaveProperty('authorization')
})

it('a key that no header can hold is a typed error without the key', async () => {
  const error = await failureOf(claude('claude-x', { ...options, apiKey: 'sk-secret\n\u0000' }).chat('x'))
  expect(error).toMatchObject({ code: 'invalid-request', message: expect.stringContaining('Check the key') })
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('sk-secret')
})

it('a key that the service repeats in its refusal is nowhere in the error', async () => {
  const key = 'sk-live-0123456789'
  const refusal = { error: { type: 'authentication_error', message: `Received=${key}, which is not valid` } }
  const llm = claude('claude-x', { ...options, apiKey: key, baseURL: (await serve(json(refusal, 401))).url })
  const error = await failureOf(llm.chat('Hi'))
  expect(error.message).toContain('Received=…')
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(key)
})
