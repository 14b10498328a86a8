// API keys: the servers they go to, and errors about a missing one.
import type { LlmError } from '@patchbay/core'
import { Ollama } from 'ollama/browser'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type OllamaOptions, type OllamaProvider, ollama } from './index.js'

/** What is sent to a server that refuses it, and the error. */
async function refusedBy(baseURL: string, key: string, options: OllamaOptions = {}) {
  vi.stubEnv('OLLAMA_API_KEY', key)
  onTestFinished(() => void vi.unstubAllEnvs())
  let sent: string | null = null
  const fetch = async (_: unknown, { headers }: RequestInit = {}) => {
    sent = new Headers(headers).get('authorization')
    return Response.json({ error: 'unauthorized' }, { status: 401 })
  }
  const llm = ollama('tiny', { ...options, baseURL, retry: false, fetch: fetch as typeof globalThis.fetch })
  const { code, message } = (await llm.chat('x').catch((error: unknown) => error)) as LlmError
  expect(code).toBe('authentication')
  return { sent, message }
}

it('the key of the environment goes to ollama.com only, and the error of another server says that no key was sent', async () => {
  expect(await refusedBy('https://ollama.com', 'k-env')).toMatchObject({
    sent: 'Bearer k-env',
    message: expect.stringContaining('Check the key.'),
  })
  for (const host of [
    'https://api.ollama.com',
    'http://ollama.com',
    'https://ollama.com.',
    'https://h.example',
  ])
    expect(await refusedBy(host, 'k-env')).toMatchObject({
      sent: null,
      message: expect.stringMatching(/No key was sent: .* Pass apiKey/),
    })
  expect(await refusedBy('https://ollama.com', '')).toMatchObject({
    sent: null,
    message: expect.stringContaining('No key was sent'),
  })
})

it('a password in the address, a given key and a header are sent instead of it', async () => {
  for (const host of ['ollama.com', 'api.ollama.com', 'h.example']) {
    expect(await refusedBy(`https://user:pw@${host}`, 'k-env')).toMatchObject({
      sent: `Basic ${btoa('user:pw')}`,
      message: expect.stringContaining('Check the key.'),
    })
    expect((await refusedBy(`https://${host}`, 'k-env', { apiKey: 'mine' })).sent).toBe('Bearer mine')
    for (const name of ['authorization', 'Authorization', 'AUTHORIZATION'])
      for (const more of [{}, { apiKey: 'mine' }]) {
        const options = { ...more, headers: { [name]: 'Acme mine' } }
        expect((await refusedBy(`https://${host}`, 'k-env', options)).sent).toBe('Acme mine')
      }
  }
})

describe('a request is the one that the official client sends', () => {
  type Sent = { url: string; method: string; body: unknown; accept: string | null; type: string | null }
  /** A `fetch` that records the requests and answers them all with the same. */
  function recorder(answer: object) {
    const sent: Sent[] = []
    const fetch = async (input: string | URL | Request, init: RequestInit = {}) => {
      const request = new Request(input, init)
      const text = await request.text()
      sent.push({
        url: request.url,
        method: request.method,
        body: text === '' ? undefined : JSON.parse(text),
        accept: request.headers.get('accept'),
        type: request.headers.get('content-type'),
      })
      return Response.json(answer)
    }
    return { sent, fetch: fetch as typeof globalThis.fetch }
  }
  const host = 'http://127.0.0.1:11434'
  const answer = {
    ...{ model: 'tiny', message: { role: 'assistant', content: 'hi' }, done: true, done_reason: 'stop' },
    ...{ embeddings: [[1, 0]], models: [], status: 'success', capabilities: ['completion'] },
  }
  type Call = [
    what: string,
    ours: (llm: OllamaProvider) => Promise<unknown>,
    theirs: (client: Ollama) => Promise<unknown>,
  ]
  const messages = [{ role: 'user', content: 'x' }]

  it.each<Call>([
    ['models', (llm) => llm.models(), (client) => client.list()],
    ['capabilities', (llm) => llm.capabilities(), (client) => client.show({ model: 'tiny' })],
    ['embed', (llm) => llm.embed('x'), (client) => client.embed({ model: 'tiny', input: ['x'] })],
    ['chat', (llm) => llm.chat('x'), (client) => client.chat({ model: 'tiny', messages, stream: true })],
    [
      'pull',
      async (llm) => {
        for await (const step of llm.pull()) expect(step.status).toBe('success')
      },
      (client) => client.pull({ model: 'tiny', stream: true }),
    ],
  ])('%s', async (_, ours, theirs) => {
    const [our, their] = [recorder(answer), recorder(answer)]
    await ours(ollama('tiny', { baseURL: host, fetch: our.fetch }))
    await theirs(new Ollama({ host, fetch: their.fetch }))
    const [reference] = their.sent
    expect(reference?.url).toContain('/api/')
    // Ours has more fields: what is not to be cut, and the new name of the model.
    expect(our.sent.at(-1)).toMatchObject(reference ?? {})
  })
})
