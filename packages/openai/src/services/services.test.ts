// The other endpoints: models, embeddings, transcription, token counts.
import { inspect } from 'node:util'
import type { LlmError } from '@patchbay/core'
import type { ServedResponse } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { json, sse } from '../../test/server.js'
import { ask, chunk, end, failureOf, serve } from '../../test/wire.js'
import { openai, type PresetName } from '../index.js'

describe('the other endpoints', () => {
  it('embed in order, in batches, from numbers or base64', async () => {
    const server = await serve(({ json: body }) => {
      const { input } = body as { input: string[] }
      return json({
        model: 'e-1',
        usage: { prompt_tokens: input.length },
        data: input.map((text, index) => ({ index, embedding: [Number(text), 0.5] })).reverse(),
      })
    })
    const { vectors, usage } = await openai('e', { apiKey: 'k', baseURL: server.url }).embed(
      Array.from({ length: 2050 }, (_, index) => String(index)),
    )
    expect(server.requests.map(({ json: body }) => (body as { input: string[] }).input.length)).toEqual([
      2048, 2,
    ])
    expect(vectors.map(([first]) => first)).toEqual(Array.from({ length: 2050 }, (_, index) => index))
    expect(usage).toEqual({ inputTokens: 2050 })
    const base64 = Buffer.from(Float32Array.of(1, 2).buffer).toString('base64')
    expect((await (await ask(json({ data: [{ index: 0, embedding: base64 }] }))).embed('a')).vectors).toEqual(
      [Float32Array.of(1, 2)],
    )
    expect(await failureOf((await ask(json({ data: [] }))).embed('a'))).toMatchObject({
      code: 'bad-response',
    })
  })

  it('embed with the prefixes of the model, and do not truncate', async () => {
    const server = await serve(json({ data: [{ embedding: [1] }] }))
    const provider = openai('multilingual-e5-small', { apiKey: 'k', baseURL: server.url })
    await provider.embed({ input: 'a', inputType: 'document' })
    expect(server.requests[0]?.json).toMatchObject({ input: ['passage: a'] })
    expect(await failureOf(provider.embed({ input: 'a', truncate: true }))).toMatchObject({
      code: 'unsupported',
    })
    expect(server.requests).toHaveLength(1)
  })

  it('transcribe, with times where the model has them', async () => {
    const server = await serve(
      json({
        text: ' Hello there. ',
        language: 'english',
        duration: 1.5,
        segments: [{ id: 0, start: 0, end: 1.5, text: ' Hello there.' }],
        usage: { type: 'tokens', input_tokens: 14, output_tokens: 3 },
      }),
    )
    const provider = openai('whisper-1', { apiKey: 'sk-secret', baseURL: server.url })
    expect(
      await provider.transcribe({
        audio: new TextEncoder().encode('RIFF sound'),
        mediaType: 'audio/x-wav',
        language: 'en',
        providerOptions: { openai: { 'timestamp_granularities[]': ['segment', 'word'] } },
      }),
    ).toEqual({
      text: 'Hello there.',
      language: 'english',
      duration: 1.5,
      segments: [{ start: 0, end: 1.5, text: 'Hello there.' }],
      usage: { inputTokens: 14, outputTokens: 3 },
      model: 'whisper-1',
      provider: 'openai',
    })
    const [{ path, headers, body } = { path: '', headers: {}, body: '' }] = server.requests
    expect(path).toBe('/audio/transcriptions')
    expect(headers).toMatchObject({
      authorization: 'Bearer sk-secret',
      'content-type': expect.stringMatching(/^multipart\/form-data; boundary=/),
    })
    const fields = [
      ...body.matchAll(/name="([^"]+)"(?:; filename="([^"]+)")?[\s\S]*?\r\n\r\n([\s\S]*?)\r\n--/g),
    ]
    expect(fields.map(([, name, file, value]) => [name, file ?? value])).toEqual([
      ['file', 'audio.wav'],
      ['model', 'whisper-1'],
      ['response_format', 'verbose_json'],
      ['language', 'en'],
      ['timestamp_granularities[]', 'segment'],
      ['timestamp_granularities[]', 'word'],
    ])
    expect(fields[0]?.[3]).toBe('RIFF sound')
  })

  it('ask a model without times only for text', async () => {
    const server = await serve(json({ text: 'Hi' }))
    const provider = openai('gpt-4o-transcribe', { apiKey: 'k', baseURL: server.url })
    const audio = Buffer.from('sound').toString('base64')
    expect(await provider.transcribe({ audio, mediaType: 'audio/mpeg' })).toMatchObject({
      text: 'Hi',
      segments: [],
    })
    expect(server.requests[0]?.body).toMatch(/filename="audio.mp3"[\s\S]*\r\nsound\r\n[\s\S]*\r\njson\r\n/)
  })

  it.each([
    [{ audio: 'AAAA', mediaType: 'image/png' }, 'mediaType'],
    [{ audio: '', mediaType: 'audio/wav' }, 'audio.data'],
    [{ audio: 'AAAA' }, 'mediaType'],
  ])('do not send invalid audio: %j', async (request, path) => {
    const server = await serve(json({ text: 'Hi' }))
    const work = openai('whisper-1', { apiKey: 'k', baseURL: server.url }).transcribe(request as never)
    expect(await failureOf(work)).toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining(path),
    })
    expect(server.requests).toHaveLength(0)
  })

  it('report a transcription without text', async () => {
    const provider = await ask(json({ words: [] }))
    expect(await failureOf(provider.transcribe({ audio: 'AAAA', mediaType: 'audio/wav' }))).toMatchObject({
      code: 'bad-response',
    })
  })

  it('fetch a file for an API that takes no addresses', async () => {
    const server = await serve(({ path }) =>
      path === '/a.pdf'
        ? { headers: { 'content-type': 'application/pdf' }, body: '%PDF-' }
        : json({ choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }] }),
    )
    const media = { allowHosts: [new URL(server.url).host] }
    const provider = openai('gpt-x', { apiKey: 'k', baseURL: server.url, api: 'chat', media })
    const content = [{ type: 'file' as const, url: `${server.url}/a.pdf`, name: 'a.pdf' }]
    await provider.chat({ messages: [{ role: 'user', content }], maxOutputTokens: 9 })
    expect(server.requests.at(-1)?.json).toMatchObject({
      messages: [
        {
          content: [{ file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } }],
        },
      ],
    })
  })

  it('count tokens where the API can', async () => {
    const server = await serve(json({ input_tokens: 42 }))
    const provider = openai('gpt-x', { apiKey: 'k', baseURL: server.url, api: 'responses' })
    expect(await provider.countTokens('Hello')).toBe(42)
    expect(server.requests[0]).toMatchObject({
      path: '/responses/input_tokens',
      json: { model: 'gpt-x', input: [{ role: 'user' }] },
    })
    expect(await failureOf((await ask(json({}))).countTokens('Hello'))).toMatchObject({ code: 'unsupported' })
    // Ollama's answer, November 2026.
    const without = { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found' }
    expect(await failureOf((await ask(without, { api: 'responses' })).countTokens('Hello'))).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('does not count tokens'),
    })
  })

  it('list models, with the capabilities that servers report', async () => {
    const data = [
      { id: 'a' },
      { id: 'vllm', max_model_len: 1 },
      {
        id: 'openrouter',
        name: 'Router',
        context_length: 2,
        architecture: { input_modalities: ['text', 'image'] },
        supported_parameters: ['tools', 'temperature', 'response_format'],
        top_provider: { max_completion_tokens: 9 },
      },
      { id: 'groq', context_window: 3, max_completion_tokens: 8 },
      { id: 'llama.cpp', meta: { n_ctx: 4, n_ctx_train: 40 } },
      { id: 'mistral', max_context_length: 5, capabilities: { function_calling: true, vision: false } },
      { id: 'openai-ends', shutdown_date: '2027-01-14' },
      { id: 'openai-stays', shutdown_date: null },
      { id: 'mistral-ends', deprecation: '2027-02-28T12:00:00Z' },
      { id: 'openrouter-ends', expiration_date: '2027-03-01' },
    ]
    const told = [
      { id: 'a' },
      { id: 'vllm', contextWindow: 1 },
      {
        id: 'openrouter',
        name: 'Router',
        contextWindow: 2,
        maxOutput: 9,
        capabilities: {
          ...{ tools: true, json: true, reasoning: false, vision: true, audio: false, files: 'unknown' },
          options: expect.objectContaining({ temperature: true, seed: false, topK: false }),
        },
      },
      { id: 'groq', contextWindow: 3, maxOutput: 8 },
      { id: 'llama.cpp', contextWindow: 4 },
      { id: 'mistral', contextWindow: 5, capabilities: { tools: true, vision: false } },
      { id: 'openai-ends', endOfLife: '2027-01-14' },
      { id: 'openai-stays' },
      { id: 'mistral-ends', endOfLife: '2027-02-28' },
      { id: 'openrouter-ends', endOfLife: '2027-03-01' },
    ]
    expect(await (await ask(json({ data }))).models()).toEqual(told)
    expect(await (await ask(json(data))).models()).toEqual(told)
  })

  it.each<[PresetName, string, string | undefined]>([
    ['openai', 'gpt-4o', '2027-01-14'],
    ['openai', 'gpt-4o-2024-11-20', '2027-01-14'],
    ['openai', 'gpt-4o-2024-05-13', '2026-10-23'],
    ['openai', 'ft:gpt-4.1-mini-2025-04-14:me::x', '2027-01-14'],
    ['openai', 'o3', '2026-12-11'],
    ['openai', 'gpt-5.6-sol', undefined],
    ['openai', 'gpt-4o-of-mine', undefined],
    ['google', 'gemini-2.5-flash', '2026-12-01'],
    ['google', 'models/gemini-2.5-flash-lite', undefined],
    ['compatible', 'gpt-4o', undefined],
    ['azure', 'gpt-4o', undefined],
  ])('of %s: %s ends on %s, also where the list does not say so', async (preset, id, day) => {
    const { url: baseURL } = await serve(json({ data: [{ id }] }))
    const provider = openai(id, { apiKey: 'k', baseURL, preset })
    expect((await provider.models())[0]?.endOfLife).toBe(day)
    expect((await provider.capabilities()).endOfLife).toBe(day)
  })

  it('ask a compatible server for capabilities once, and never for a call', async () => {
    const listed = { id: 'gpt-x', max_context_length: 5, capabilities: { function_calling: true } }
    const server = await serve(({ path }) =>
      path === '/models' ? json({ data: [listed] }) : sse([chunk({ content: 'Hi' }), end(), '[DONE]']),
    )
    const provider = openai('gpt-x', { apiKey: 'k', baseURL: server.url })
    await provider.chat({ messages: 'Hello', temperature: 0 })
    expect(server.requests.map(({ path }) => path)).toEqual(['/chat/completions'])
    expect(await provider.capabilities()).toMatchObject({ tools: true, vision: 'unknown', contextWindow: 5 })
    await provider.capabilities()
    expect(server.requests.map(({ path }) => path)).toEqual(['/chat/completions', '/models'])
    const other = openai('else', { apiKey: 'k', baseURL: server.url })
    expect((await other.capabilities()).contextWindow).toBeUndefined()
    await provider.close()
    expect(await failureOf(provider.capabilities())).toMatchObject({ code: 'closed' })
  })

  it.each<[string, ServedResponse, object]>([
    ['without a list', json({ error: { message: 'no such path' } }, 404), { tools: 'unknown' }],
    ['with something else there', json({ hello: 1 }), { tools: 'unknown' }],
    ['that refuses the key', json({ error: { message: 'no' } }, 401), { code: 'authentication' }],
    ['that is not there', { noAnswer: true }, { code: 'network' }],
  ])('ask a server %s for capabilities', async (_, answer, expected) => {
    const provider = await ask(answer)
    expect(await provider.capabilities().catch((error: LlmError) => error)).toMatchObject(expected)
  })
})

it('a key that no header can hold is a typed error that does not contain it', async () => {
  const error = await failureOf(
    openai('m', { apiKey: 'sk-secret\n\u0000', baseURL: 'http://127.0.0.1:1', retry: false }).chat('x'),
  )
  expect(error).toMatchObject({ code: 'invalid-request', message: expect.stringContaining('Check the key') })
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('sk-secret')
})
