// Embeddings, capabilities, lists of models, downloads, addresses.
import type { ServedResponse } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { json } from '../test/server.js'
import { ask, failureOf, ndjson, serve } from '../test/wire.js'
import { addressOf } from './client.js'
import { ollama } from './index.js'

describe('the rest of the service', () => {
  it('embeds in order, with the requested dimensions', async () => {
    const server = await serve((request) =>
      json({
        model: 'tiny:latest',
        embeddings: (request.json as { input: string[] }).input.map((text) => [text.length, 0.5]),
        prompt_eval_count: 4,
      }),
    )
    const provider = ollama('tiny', { baseURL: server.url })
    expect(await provider.embed({ input: ['a', 'bbb'], dimensions: 2 })).toEqual({
      vectors: [Float32Array.of(1, 0.5), Float32Array.of(3, 0.5)],
      model: 'tiny:latest',
      provider: 'ollama',
      usage: { inputTokens: 4 },
    })
    expect(server.requests[0]?.json).toEqual({
      model: 'tiny',
      input: ['a', 'bbb'],
      dimensions: 2,
      truncate: false,
    })
    await ollama('nomic-embed-text:v1.5', { baseURL: server.url }).embed({
      input: 'a',
      inputType: 'query',
      truncate: true,
    })
    expect(server.requests[1]?.json).toMatchObject({ input: ['search_query: a'], truncate: true })
    expect(await failureOf((await ask(json({ embeddings: [] }))).embed('a'))).toMatchObject({
      code: 'bad-response',
    })
  })

  it('reports what the server says a model can do', async () => {
    const shown = {
      capabilities: ['completion', 'tools'],
      model_info: { 'general.architecture': 'llama', 'llama.context_length': 8192 },
    }
    expect(await (await ask(json(shown))).capabilities()).toMatchObject({
      tools: true,
      vision: false,
      reasoning: false,
      json: true,
      contextWindow: 8192,
    })
    expect(await (await ask(json({}))).capabilities()).toMatchObject({
      tools: 'unknown',
      vision: 'unknown',
      reasoning: 'unknown',
    })
    expect(
      await failureOf((await ask(json({ error: "model 'tiny' not found" }, 404))).capabilities()),
    ).toMatchObject({ code: 'not-found' })
  })

  it('lists models', async () => {
    expect(await (await ask(json({ models: [{ name: 'a' }, { name: 'b' }] }))).models()).toEqual([
      { id: 'a' },
      { id: 'b' },
    ])
  })

  it('downloads a model in steps, and a download without an end is an error', async () => {
    const steps = [
      { status: 'pulling manifest' },
      { status: 'pulling abc', digest: 'abc', total: 10, completed: 5 },
      { status: 'success' },
    ]
    const seen: unknown[] = []
    for await (const step of (await ask(ndjson(...steps))).pull()) seen.push(step)
    expect(seen).toEqual(steps)
    const pull = async (answer: ServedResponse, signal = new AbortController().signal) => {
      for await (const _ of (await ask(answer)).pull({ signal }));
    }
    expect(await failureOf(pull(ndjson({ status: 'pulling manifest' })))).toMatchObject({
      code: 'bad-response',
      retryable: true,
    })
    expect(
      await failureOf(pull(ndjson({ error: 'pull model manifest: file does not exist: not found' }))),
    ).toMatchObject({ code: 'not-found' })
    expect(await failureOf(pull(ndjson(), AbortSignal.abort()))).toMatchObject({ code: 'aborted' })
  })

  it.each([
    ['localhost', 'http://localhost:11434'],
    ['0.0.0.0:8080', 'http://127.0.0.1:8080'],
    [':9000', 'http://127.0.0.1:9000'],
    ['https://ollama.example.com/', 'https://ollama.example.com'],
    ['http://proxy/ollama/', 'http://proxy/ollama'],
  ])('is reached at %s', (host, baseURL) => expect(addressOf(host)).toEqual({ baseURL, query: '' }))

  it('needs a model and a valid address', () => {
    expect(() => ollama('')).toThrow(expect.objectContaining({ code: 'config' }))
    expect(() => ollama('tiny', { baseURL: 'http://' })).toThrow(
      expect.objectContaining({ code: 'config', message: expect.stringContaining('baseURL') }),
    )
  })
})
