// Each client people have, unchanged, against each backend: the local model itself, and the same model behind Claude's,
// OpenAI's and Ollama's protocol, as a second gateway speaks them.
import { loadConfig } from '@patchbay/config'
import { mockProvider } from '@patchbay/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientsOf } from '../../test/clients/index.js'
import { bundled, over, served } from '../../test/served.js'
import { type Served, serve, type VisitRecord } from '../index.js'

const backends = ['local', 'claude', 'openai-chat', 'openai-responses', 'ollama']
let inner: Served
let gateway: Served
const records: VisitRecord[] = []

beforeAll(async () => {
  inner = await over(bundled)
  const remote = { model: 'default', apiKey: 'none', retry: false as const }
  const config = {
    providers: {
      local: { use: 'local' as const, threads: 1, cacheDir: false as const },
      claude: { use: 'claude' as const, baseURL: inner.url, ...remote, defaults: { maxOutputTokens: 200 } },
      'openai-chat': { use: 'openai' as const, baseURL: `${inner.url}/v1`, api: 'chat' as const, ...remote },
      'openai-responses': {
        use: 'openai' as const,
        baseURL: `${inner.url}/v1`,
        api: 'responses' as const,
        ...remote,
      },
      ollama: { use: 'ollama' as const, baseURL: inner.url, ...remote },
    },
  }
  const loaded = await loadConfig({ config, user: false })
  gateway = await serve({ loaded, port: 0, strictModels: true, onRequest: (record) => records.push(record) })
})
afterAll(async () => {
  await gateway.close()
  await inner.close()
})

const paris = 'What is the capital of France?'

describe.each(Object.keys(clientsOf('http://127.0.0.1:1')))('%s', (name) => {
  const client = () => {
    const found = clientsOf(gateway.url)[name]
    if (found === undefined) throw new Error(`There is no client ${name}.`)
    return found
  }

  describe.each(backends)('over %s', (model) => {
    it('asks, and hears what it used', async () => {
      const { text, inputTokens, outputTokens } = await client().ask(model, paris)
      expect(text).toBe('The capital of France is Paris.')
      expect(inputTokens).toBeGreaterThan(5)
      expect(outputTokens).toBeGreaterThan(5)
    })

    it('reads a stream', async () => {
      const pieces = await client().stream(model, 'Count to 12.')
      expect(pieces.length).toBeGreaterThan(1)
      expect(pieces.join('')).toMatch(/^1, 2, 3.*12/)
    })

    it('has a tool called, and goes on with its result', async () => {
      const { input, text } = await client().tool(model, 'What is the weather in Lima?')
      expect(input).toEqual({ city: 'Lima' })
      expect(text).toContain('21 degrees')
    })

    it('gets JSON by a schema', async () => {
      expect(await client().object(model, 'Give me JSON: name Eve, age 30.')).toEqual({
        name: 'Eve',
        age: 30,
      })
    })

    it('leaves, and nothing goes on', async () => {
      const before = records.length
      await client().leave(model, 'Count to 12.')
      await expect.poll(() => records.length).toBe(before + 1)
    })
  })

  it('shows an image, and hears what was thought', async () => {
    const seeing = mockProvider({ answers: [{ reasoning: 'I see.', text: 'A dot.' }] })
    const own = await served(seeing)
    const png =
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
    const { text, reasoning } = (await clientsOf(own.url)[name]?.see('default', png)) ?? {}
    expect(text).toBe('A dot.')
    // Not every client has a word for it, in the protocol it speaks.
    if (reasoning !== undefined) expect(reasoning).toBe('I see.')
    // LangChain's client for Ollama says each part in a message of its own.
    expect(seeing.requests[0]?.messages.flatMap(({ content }) => content)).toEqual(
      expect.arrayContaining([
        { type: 'text', text: 'What is it?' },
        { type: 'image', data: png, mediaType: 'image/png' },
      ]),
    )
  })

  it('is told of a model nobody knows', async () => {
    await expect(client().ask('nobody', 'x')).rejects.toThrow(/no model|not found/i)
  })
})
