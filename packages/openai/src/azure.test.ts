// Azure as a host: the addresses, headers and bodies of its official client, keys and tokens of Entra ID, content filters.
import { AzureOpenAI } from 'openai'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { json, sse } from '../test/server.js'
import { chunk, end, failureOf, serve } from '../test/wire.js'
import { type OpenAIOptions, openai } from './index.js'

const whole = { choices: [{ message: { content: 'x' }, finish_reason: 'stop' }] }
const vectors = { data: [{ index: 0, embedding: [1] }], model: 'm' }

/** A `fetch` that keeps what is sent. */
function recorder(
  answer: (url: string) => object = (url) => (url.includes('/embeddings') ? vectors : whole),
) {
  const sent: { url: string; method: string; headers: Record<string, string>; body: unknown }[] = []
  const fetch = async (url: unknown, init: RequestInit = {}) => {
    const headers = Object.fromEntries(new Headers(init.headers))
    const body = init.body === undefined ? undefined : JSON.parse(String(init.body))
    sent.push({ url: String(url), method: String(init.method).toUpperCase(), headers, body })
    return Response.json(answer(String(url)))
  }
  return { sent, fetch: fetch as typeof globalThis.fetch }
}

const auth = ({ headers }: { headers: Record<string, string> }) => ({
  'api-key': headers['api-key'],
  authorization: headers.authorization,
})

const version = '2025-04-01-preview'
const endpoint = 'https://me.openai.azure.com'
const messages = [{ role: 'user' as const, content: 'Hi' }]

describe.each([
  ['a key', { apiKey: 'k-azure' }, { apiKey: 'k-azure' }],
  [
    'a token of Entra ID',
    { tokenProvider: async () => 'a-token' },
    { azureADTokenProvider: async () => 'a-token' },
  ],
])('with %s', (_, own, theirs) => {
  const official = (fetch: typeof globalThis.fetch) =>
    new AzureOpenAI({ endpoint, apiVersion: version, fetch, ...theirs })
  it.each<
    [string, Partial<OpenAIOptions>, (client: AzureOpenAI) => Promise<unknown>, 'chat' | 'embed' | 'models']
  >([
    [
      'chat completions',
      {},
      (client) => client.chat.completions.create({ model: 'my deployment', messages }),
      'chat',
    ],
    [
      'responses',
      { api: 'responses' },
      (client) => client.responses.create({ model: 'my deployment', input: 'Hi' }),
      'chat',
    ],
    [
      'embeddings',
      {},
      (client) => client.embeddings.create({ model: 'my deployment', input: ['Hi'] }),
      'embed',
    ],
    ['the list of models', {}, (client) => client.models.list() as Promise<unknown>, 'models'],
  ])('%s have the address and the credentials of the official client', async (_name, more, judge, call) => {
    const ours = recorder()
    const llm = openai('my deployment', {
      ...{ host: 'azure', resource: 'me', apiVersion: version, retry: false, fetch: ours.fetch },
      ...own,
      ...more,
    })
    await (call === 'models' ? llm.models() : llm[call]('Hi')).catch(() => {})
    const judged = recorder()
    await judge(official(judged.fetch)).catch(() => {})
    const [mine, other] = [ours.sent[0], judged.sent[0]]
    if (mine === undefined || other === undefined) throw new Error('nothing was sent')
    // The official client leaves blanks to `fetch`.
    expect(new URL(mine.url).href).toBe(new URL(other.url).href)
    expect(mine.method).toBe(other.method)
    expect(auth(mine)).toEqual(auth(other))
    expect((mine.body as { model?: string } | undefined)?.model).toBe(
      (other.body as { model?: string } | undefined)?.model,
    )
  })
})

it.each<[what: string, options: Partial<OpenAIOptions>, url: string]>([
  ['a resource', { resource: 'me' }, `${endpoint}/openai/v1/chat/completions`],
  ['an endpoint', { baseURL: `${endpoint}/` }, `${endpoint}/openai/v1/chat/completions`],
  ['its v1 address', { baseURL: `${endpoint}/openai/v1/` }, `${endpoint}/openai/v1/chat/completions`],
  [
    'an endpoint and a version',
    { baseURL: endpoint, apiVersion: version },
    `${endpoint}/openai/deployments/d/chat/completions?api-version=${version}`,
  ],
  [
    'the address of a deployment and a version',
    { baseURL: `${endpoint}/openai/deployments/e`, apiVersion: version },
    `${endpoint}/openai/deployments/e/chat/completions?api-version=${version}`,
  ],
  [
    'a gateway of its own',
    { baseURL: 'https://apim.example/azure/openai', apiVersion: version },
    `https://apim.example/azure/openai/deployments/d/chat/completions?api-version=${version}`,
  ],
])('%s is the address of requests', async (_, options, url) => {
  const { sent, fetch } = recorder()
  await openai('d', { host: 'azure', apiKey: 'k', retry: false, fetch, ...options })
    .chat('Hi')
    .catch(() => {})
  expect(sent.map(({ url }) => url)).toEqual([url])
})

describe('the environment', () => {
  const set = (variables: Record<string, string>) => {
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
    onTestFinished(() => void vi.unstubAllEnvs())
  }

  it.each([
    'https://me.openai.azure.com/',
    'https://apim.example',
    'http://10.0.0.7:8080/azure',
  ])('has the endpoint and the key: %s', async (address) => {
    set({
      AZURE_OPENAI_ENDPOINT: address,
      AZURE_OPENAI_API_KEY: 'k-azure',
      OPENAI_API_KEY: 'k-openai',
      OPENAI_BASE_URL: 'https://openai.example/v1',
      OPENAI_ORG_ID: 'org-of-openai',
    })
    const { sent, fetch } = recorder()
    await openai('d', { host: 'azure', retry: false, fetch })
      .chat('Hi')
      .catch(() => {})
    expect(sent[0]?.url.startsWith(address.replace(/\/$/, ''))).toBe(true)
    expect(sent.map(auth)).toEqual([{ 'api-key': 'k-azure', authorization: undefined }])
    expect(JSON.stringify(sent)).not.toMatch(/k-openai|org-of-openai/)
  })

  it('has a key that no other address gets', async () => {
    set({ AZURE_OPENAI_ENDPOINT: endpoint, AZURE_OPENAI_API_KEY: 'k-azure', OPENAI_API_KEY: 'k-openai' })
    const { sent, fetch } = recorder()
    for (const baseURL of ['https://evil.example', 'http://me.openai.azure.com', 'http://127.0.0.1:8080'])
      await openai('d', { host: 'azure', baseURL, retry: false, fetch })
        .chat('Hi')
        .catch(() => {})
    expect(JSON.stringify(sent)).not.toMatch(/k-azure|k-openai/)
  })
})

it.each<[what: string, options: object, message: RegExp]>([
  ['no address', {}, /Pass resource or baseURL, or set AZURE_OPENAI_ENDPOINT/],
  ['two addresses', { resource: 'me', baseURL: endpoint }, /resource or baseURL.*not both/],
  ['an address as a resource', { resource: 'evil.example/x' }, /name of an Azure resource alone/],
  ['a key and a token', { resource: 'me', apiKey: 'k', tokenProvider: async () => 't' }, /not both/],
  ['a token that is no function', { resource: 'me', tokenProvider: 'eyJ' }, /must be a function/],
  ['another preset', { resource: 'me', preset: 'groq' }, /preset azure, not groq/],
  ['another host', { host: 'https://me.example' }, /Pass the address of any other server as baseURL/],
  ['a resource without a host', { host: undefined, resource: 'me' }, /resource is an option of Azure/],
  ['a version without a host', { host: undefined, apiVersion: version }, /apiVersion is an option of Azure/],
  [
    'a password and a token',
    { baseURL: 'https://u:p4ss@me.example', tokenProvider: async () => 't' },
    /a password, and a key or a token/,
  ],
])('%s is refused when the provider is made', (_, options, message) => {
  vi.stubEnv('AZURE_OPENAI_ENDPOINT', undefined)
  onTestFinished(() => void vi.unstubAllEnvs())
  expect(() => openai('d', { host: 'azure', ...options } as OpenAIOptions & { model: string })).toThrow(
    message,
  )
})

describe('a provider of tokens', () => {
  it('is asked before every attempt, so that a new token is used at once', async () => {
    let asked = 0
    const server = await serve(({ headers }) =>
      headers.authorization === 'Bearer token-2'
        ? sse([chunk({ content: 'x' }), end(), '[DONE]'])
        : { status: 503, body: '{}' },
    )
    const llm = openai('d', {
      ...{ host: 'azure', baseURL: server.url, retry: { baseDelay: 1 } },
      tokenProvider: async () => `token-${++asked}`,
    })
    expect((await llm.chat('Hi')).text).toBe('x')
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ])
  })

  it.each<[what: string, provider: () => Promise<string>, code: string]>([
    ['fails', async () => Promise.reject(new Error('no identity')), 'authentication'],
    [
      'throws',
      () => {
        throw new Error('no identity')
      },
      'authentication',
    ],
    [
      'reaches nobody',
      async () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' })),
      'network',
    ],
    ['gives nothing', async () => '', 'authentication'],
    ['gives no text', async () => ({ token: 't' }) as never, 'authentication'],
  ])('that %s is an error before anything is sent', async (_, tokenProvider, code) => {
    const { sent, fetch } = recorder()
    const llm = openai('d', { host: 'azure', resource: 'me', tokenProvider, retry: false, fetch })
    expect(await failureOf(llm.chat('Hi'))).toMatchObject({ code, provider: 'openai', model: 'd' })
    expect(sent).toEqual([])
  })

  it('that never answers ends with the call', async () => {
    const { sent, fetch } = recorder()
    const abort = new AbortController()
    const llm = openai('d', {
      ...{ host: 'azure', resource: 'me', retry: false, fetch },
      tokenProvider: () => {
        queueMicrotask(() => abort.abort())
        return new Promise(() => {})
      },
    })
    expect(await failureOf(llm.chat('Hi', { signal: abort.signal }))).toMatchObject({ code: 'aborted' })
    expect(sent).toEqual([])
  })

  it('is not asked where the call has credentials of its own, and its token is in no error', async () => {
    let asked = 0
    const server = await serve(({ headers }) => ({
      status: 401,
      body: JSON.stringify({
        error: { code: '401', message: `No: ${headers.authorization} ${headers['api-key']}` },
      }),
    }))
    const llm = openai('d', {
      ...{ host: 'azure', baseURL: server.url, retry: false },
      tokenProvider: async () => `token-of-entra-${++asked}`,
    })
    await failureOf(llm.chat('Hi', { headers: { 'api-key': 'a-key-of-the-call' } }))
    expect(asked).toBe(0)
    expect(server.requests[0]?.headers).not.toHaveProperty('authorization')
    const error = await failureOf(llm.chat('Hi'))
    expect(error).toMatchObject({
      code: 'authentication',
      message: expect.stringMatching(/role Cognitive Services OpenAI User/),
    })
    expect(`${error.message} ${error.responseBody} ${error.stack}`).not.toContain('token-of-entra')
  })
})

// learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter, November 2026.
describe('a content filter', () => {
  const on = async (answer: Parameters<typeof serve>[0]) =>
    openai('d', { host: 'azure', baseURL: (await serve(answer)).url, apiKey: 'k', retry: false })
  const results = {
    hate: { filtered: false, severity: 'safe' },
    violence: { filtered: true, severity: 'high' },
  }

  it('that refuses a prompt is a content-filtered error', async () => {
    const error = {
      message:
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
      ...{ type: null, param: 'prompt', code: 'content_filter', status: 400 },
      innererror: { code: 'ResponsibleAIPolicyViolation', content_filter_result: results },
    }
    const llm = await on(json({ error }, 400))
    expect(await failureOf(llm.chat('Hi'))).toMatchObject({ code: 'content-filtered', status: 400 })
  })

  it('that stops an answer is its finish reason, and its own chunks are no text', async () => {
    const offsets = { check_offset: 1, start_offset: 1, end_offset: 2 }
    const llm = await on(
      sse([
        {
          ...{ id: '', object: '', created: 0, model: '', choices: [] },
          prompt_filter_results: [{ prompt_index: 0, content_filter_results: results }],
        },
        chunk({ role: 'assistant', content: '' }),
        chunk({ content: 'Half' }),
        {
          ...{ id: '', object: '', created: 0, model: '' },
          choices: [
            {
              index: 0,
              finish_reason: null,
              content_filter_offsets: offsets,
              content_filter_results: results,
            },
          ],
        },
        end('content_filter'),
        '[DONE]',
      ]),
    )
    expect(await llm.chat('Hi')).toMatchObject({ text: 'Half', finishReason: 'content-filter' })
  })
})

it('a deployment that is not there says so', async () => {
  const error = {
    code: 'DeploymentNotFound',
    message: 'The API deployment for this resource does not exist.',
  }
  const server = await serve(json({ error }, 404))
  const llm = openai('d', {
    ...{ host: 'azure', baseURL: server.url, apiVersion: version, apiKey: 'k', retry: false },
  })
  expect(await failureOf(llm.chat('Hi'))).toMatchObject({
    code: 'not-found',
    message: expect.stringMatching(/deployment/),
  })
})

it('a token is only sent over https, or to this machine', async () => {
  const { fetch } = recorder()
  const at = (baseURL: string) => ({
    ...{ host: 'azure' as const, baseURL, fetch, api: 'chat' as const, retry: false as const },
    tokenProvider: async () => 'a-token',
  })
  const made = await failureOf((async () => openai('m', at('http://me.openai.azure.com')).chat('Hi'))())
  expect(made).toMatchObject({ code: 'config', message: expect.stringContaining('https') })
  expect((await openai('m', at('http://127.0.0.1:9/openai/v1')).chat('Hi')).text).toBe('x')
})
