// The HTTP client: OpenAI's own host, keys of the environment, error advice, memory.
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { failureOf, serve } from '../test/wire.js'
import { type OpenAIOptions, openai, type Preset, type PresetName } from './index.js'
import { presets } from './presets.js'

describe("OpenAI's own host", () => {
  it.each([
    'api',
    'eu.api',
    'us.api',
    'au.api',
  ])('is %s.openai.com: it needs a key, and has its own API and rules of models', async (name) => {
    vi.stubEnv('OPENAI_API_KEY', '')
    onTestFinished(() => void vi.unstubAllEnvs())
    const baseURL = `https://${name}.openai.com/v1`
    const asked: string[] = []
    const fetch = async (url: unknown) => {
      asked.push(String(url))
      return Response.json({ id: 'r', model: 'gpt-5', status: 'completed', output: [], usage: {} })
    }
    const options = { baseURL, retry: false, fetch: fetch as typeof globalThis.fetch } as const
    expect(await failureOf(openai('gpt-5', options).chat('x'))).toMatchObject({
      code: 'authentication',
      message: expect.stringMatching(/OpenAI.*OPENAI_API_KEY/),
    })
    expect(asked).toEqual([])
    const own = openai('gpt-5', { ...options, apiKey: 'sk-of-ones-own' })
    await own.chat({ messages: 'x', maxOutputTokens: 20 }).catch(() => {})
    expect(asked).toEqual([`${baseURL}/responses`])
    expect(await own.capabilities()).toMatchObject({ reasoning: true, options: { temperature: false } })
  })

  it.each([
    'api.openai.com.example.org',
    'notapi.openai.com.evil',
    'myapi-openai.com',
  ])('is not %s', async (host) => {
    vi.stubEnv('OPENAI_API_KEY', '')
    onTestFinished(() => void vi.unstubAllEnvs())
    const asked: string[] = []
    const fetch = async (url: unknown) => {
      asked.push(String(url))
      return Response.json({})
    }
    const llm = openai('m', {
      baseURL: `https://${host}/v1`,
      retry: false,
      fetch: fetch as typeof globalThis.fetch,
    })
    await failureOf(llm.chat('x'))
    expect(asked[0]).toBe(`https://${host}/v1/chat/completions`)
  })
})

describe("a service's key in the environment", () => {
  /** What is sent there when the environment has a key for everybody. */
  async function sentTo(
    options: Partial<OpenAIOptions>,
    variables: Record<string, string> = {},
  ): Promise<string> {
    for (const { key } of Object.values<Partial<Preset>>(presets)) if (key) vi.stubEnv(key, `<${key}>`)
    vi.stubEnv('OPENAI_API_KEY', '<OPENAI_API_KEY>')
    vi.stubEnv('MY_KEY', '<MY_KEY>')
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
    onTestFinished(() => void vi.unstubAllEnvs())
    let sent = 'nothing'
    const fetch = async (_: unknown, { headers }: RequestInit = {}) => {
      sent = new Headers(headers).get('authorization') ?? 'no key'
      return Response.json({})
    }
    await openai('m', { retry: false, ...options, fetch: fetch as typeof globalThis.fetch })
      .chat({ messages: 'x', maxOutputTokens: 20 })
      .catch(() => {})
    return sent
  }

  it.each([
    ['https://api.openai.com/v1', 'OPENAI_API_KEY'],
    ['https://eu.api.openai.com/v1', 'OPENAI_API_KEY'],
    ['https://me.openai.azure.com/openai/v1', 'AZURE_OPENAI_API_KEY'],
    ['https://me.services.ai.azure.com/openai/v1', 'AZURE_OPENAI_API_KEY'],
    ['https://me.cognitiveservices.azure.com/openai/v1', 'AZURE_OPENAI_API_KEY'],
    ['https://api.groq.com/openai/v1', 'GROQ_API_KEY'],
    ['https://api.deepseek.com', 'DEEPSEEK_API_KEY'],
    ['https://api.mistral.ai/v1', 'MISTRAL_API_KEY'],
    ['https://openrouter.ai/api/v1', 'OPENROUTER_API_KEY'],
    ['https://api.together.ai/v1', 'TOGETHER_API_KEY'],
    ['https://api.together.xyz/v1', 'TOGETHER_API_KEY'],
    ['https://api.x.ai/v1', 'XAI_API_KEY'],
    ['https://api.moonshot.ai/v1', 'MOONSHOT_API_KEY'],
    ['https://api.moonshot.cn/v1', 'MOONSHOT_API_KEY'],
    ['https://dashscope.aliyuncs.com/compatible-mode/v1', 'DASHSCOPE_API_KEY'],
    ['https://dashscope-intl.aliyuncs.com/compatible-mode/v1', 'DASHSCOPE_API_KEY'],
    ['https://ws1.eu-central-1.maas.aliyuncs.com/compatible-mode/v1', 'DASHSCOPE_API_KEY'],
    ['https://api.cerebras.ai/v1', 'CEREBRAS_API_KEY'],
    ['https://generativelanguage.googleapis.com/v1beta/openai', 'GEMINI_API_KEY'],
  ])('is sent to %s from %s, and no other key', async (baseURL, key) => {
    expect(await sentTo({ baseURL })).toBe(`Bearer <${key}>`)
    expect(await sentTo({ baseURL: baseURL.replace('https:', 'http:') })).toBe('nothing')
    const preset = key === 'XAI_API_KEY' ? 'groq' : 'xai'
    expect(await sentTo({ baseURL, preset })).toBe('no key')
  })

  it.each(
    Object.keys(presets) as PresetName[],
  )('is not sent to another host by the preset %s', async (preset) => {
    for (const baseURL of ['https://evil.example/v1', 'http://127.0.0.1:8080/v1'])
      expect(await sentTo({ baseURL, preset })).toBe('no key')
  })

  it.each([
    'https://bucket.oss-cn-hangzhou.aliyuncs.com/v1',
    'https://1.cn-hangzhou.fc.aliyuncs.com/v1',
    'https://storage.googleapis.com/v1',
    'https://evil.azure.com/openai/v1',
  ])('is not sent to other customers of a cloud: %s', async (baseURL) =>
    expect(await sentTo({ baseURL })).toBe('no key'))

  it('is sent where the caller names its variable, and not where only another address is given', async () => {
    const baseURL = 'https://gateway.example/v1'
    expect(await sentTo({ baseURL, preset: { key: 'MY_KEY' } })).toBe('Bearer <MY_KEY>')
    vi.stubEnv('OPENAI_BASE_URL', baseURL)
    expect(await sentTo({})).toBe('Bearer <OPENAI_API_KEY>')
    expect(await sentTo({ preset: 'groq' })).toBe('no key')
  })

  it.each([
    ['https://openrouter.ai/api/v1', 'OPENROUTER_API_KEY'],
    ['https://api.groq.com/openai/v1', 'GROQ_API_KEY'],
    ['https://me.openai.azure.com/openai/v1', 'AZURE_OPENAI_API_KEY'],
    ['https://generativelanguage.googleapis.com/v1beta/openai', 'GEMINI_API_KEY'],
  ])('OPENAI_API_KEY is sent to %s if OPENAI_BASE_URL is that address and %s is not set', async (baseURL, key) => {
    vi.stubEnv('OPENAI_BASE_URL', baseURL)
    expect(await sentTo({})).toBe(`Bearer <${key}>`)
    expect(await sentTo({}, { [key]: '' })).toBe('Bearer <OPENAI_API_KEY>')
    expect(await sentTo({}, { [key]: '', OPENAI_API_KEY: '' })).toBe('nothing')
    expect(await sentTo({ apiKey: '' }, { [key]: '' })).toBe('nothing')
    vi.stubEnv('OPENAI_BASE_URL', '')
    expect(await sentTo({ baseURL }, { [key]: '' })).toBe('nothing')
  })
})

it('the advice for a 404 names what is missing: a batch, a file of results, a model', async () => {
  const server = await serve({ status: 404, body: JSON.stringify({ error: { message: 'No such thing' } }) })
  const llm = openai('m', { baseURL: `${server.url}/v1`, apiKey: 'k', retry: false })
  const { status, cancel, submit } = llm.batches
  for (const work of [() => status('b1'), () => cancel('b1')])
    expect(await failureOf(work())).toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/No such thing\. Check the id of the batch/),
    })
  expect((await failureOf(submit(['x']))).message).toContain('this server may have no files')
  expect((await failureOf(llm.chat('x'))).message).toContain('Check the name of the model')
})

it('memory does not grow with the ids of requests', async () => {
  const { default: Client } = await import('openai')
  const made = vi.spyOn(Client.prototype, 'buildRequest')
  onTestFinished(() => made.mockRestore())
  const server = await serve(({ path, method }) => ({
    body: JSON.stringify({ id: path, status: 'in_progress', method }),
    headers: { 'content-type': 'application/json' },
  }))
  const { batches } = openai('m', { baseURL: `${server.url}/v1/`, apiKey: 'k', retry: false })
  for (let id = 0; id < 20; id++) {
    await batches.status(`b/${id}`)
    await batches.cancel(`b/${id}`)
  }
  expect(server.requests.map(({ method, path }) => `${method} ${path}`).slice(-2)).toEqual([
    'GET /v1/batches/b%2F19',
    'POST /v1/batches/b%2F19/cancel',
  ])
  // One a method.
  expect(made).toHaveBeenCalledTimes(2)
})

it.each([
  ['all of what it said', { error: { message: `${'Long. '.repeat(150)}The end.` } }, 'The end.'],
  ['a page', `<html>${'<p>x</p>'.repeat(200)}<b>The end.</b>`, 'The end.'],
])('an error keeps %s, while its message is short', async (_, body, end) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const server = await serve({ status: 400, body: text })
  for (const api of ['chat', 'responses'] as const) {
    const error = await failureOf(
      openai('m', { baseURL: server.url, apiKey: 'k', retry: false, api }).chat('x'),
    )
    expect(error.responseBody).toBe(text)
    expect(error.responseBody).toContain(end)
    expect(error.message.length).toBeLessThan(250)
  }
})
