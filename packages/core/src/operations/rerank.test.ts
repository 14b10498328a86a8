// Reranking: what the backend gets, and what is refused before it gets anything.
import { describe, expect, it } from 'vitest'
import { type Backend, defineProvider, type RerankRequest } from '../index.js'

function provider(rerank?: Backend['rerank']) {
  return defineProvider({
    provider: 'scripted',
    model: 'm',
    capabilities: () => ({
      tools: false,
      vision: false,
      files: false,
      audio: false,
      json: false,
      reasoning: false,
      embed: false,
    }),
    async *chat() {},
    ...(rerank && { rerank }),
  })
}

describe('rerank', () => {
  it('gives the backend the texts and its own options, and says who answered', async () => {
    const seen: unknown[] = []
    const llm = provider(async (request) => {
      seen.push(request)
      return {
        scores: request.documents.map(({ length }) => 1 / length),
        model: 'm',
        usage: { inputTokens: 3 },
      }
    })
    const response = await llm.rerank({
      query: 'q',
      documents: ['a', 'bb'],
      providerOptions: { scripted: { own: 1 }, other: { not: 1 } },
    })
    expect(seen).toEqual([{ query: 'q', documents: ['a', 'bb'], providerOptions: { own: 1 } }])
    expect(response).toEqual({
      scores: [1, 0.5],
      model: 'm',
      provider: 'scripted',
      usage: { inputTokens: 3 },
    })
  })

  it.each<[string, unknown]>([
    ['request', 'q'],
    ['query', { query: '', documents: [] }],
    ['documents', { query: 'q', documents: 'a' }],
    ['documents[1]', { query: 'q', documents: ['a', 7] }],
  ])('refuses a wrong %s', async (path, request) => {
    const llm = provider(async () => expect.fail('it was asked'))
    await expect(llm.rerank(request as RerankRequest)).rejects.toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining(path),
    })
  })

  it('is unsupported where the backend has none', async () => {
    await expect(provider().rerank({ query: 'q', documents: ['a'] })).rejects.toMatchObject({
      code: 'unsupported',
    })
  })
})

it.each([
  [[0.5]],
  [[0.5, 0.4, 0.3]],
  [[0.5, Number.NaN]],
  [[0.5, null as never]],
])('scores that are not one number for each document are a bad answer: %j', async (scores) => {
  const llm = provider(async () => ({ scores, model: 'm', usage: {} }))
  await expect(llm.rerank({ query: 'q', documents: ['a', 'b'] })).rejects.toMatchObject({
    code: 'bad-response',
  })
})
