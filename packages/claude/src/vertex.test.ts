// Claude on Vertex AI: the address, headers and body of the official client, Google's credentials, refusals, errors.
import { AnthropicVertex } from '@anthropic-ai/vertex-sdk'
import { isLlmError, type LlmError } from '@patchbay/core'
import { faultServer, type ServedResponse } from '@patchbay/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type ClaudeOptions, claude } from './index.js'

interface Sent {
  url: string
  method: string
  headers: Record<string, string>
  body: Record<string, unknown>
}

const whole = {
  ...{ type: 'message', id: 'm', role: 'assistant', model: 'claude-opus-4-5' },
  ...{ content: [{ type: 'text', text: 'Hi.' }], stop_reason: 'end_turn', usage: {} },
}

function recorder(answer: object = whole) {
  const sent: Sent[] = []
  const fetch = async (url: unknown, init: RequestInit = {}) => {
    const headers = Object.fromEntries(new Headers(init.headers))
    sent.push({ url: String(url), method: String(init.method), headers, body: JSON.parse(String(init.body)) })
    return Response.json(answer)
  }
  return { sent, fetch: fetch as typeof globalThis.fetch }
}

async function failureOf(work: Promise<unknown>): Promise<LlmError> {
  const error: unknown = await work.then(
    () => new Error('expected a failure'),
    (thrown) => thrown,
  )
  if (!isLlmError(error)) throw error
  return error
}

const environment = (variables: Record<string, string | undefined>) => {
  const none = {
    CLOUD_ML_REGION: undefined,
    GOOGLE_CLOUD_PROJECT: undefined,
    ANTHROPIC_VERTEX_PROJECT_ID: undefined,
  }
  for (const [name, value] of Object.entries({ ...none, ANTHROPIC_VERTEX_BASE_URL: undefined, ...variables }))
    vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
}

const bearer = { authorization: 'Bearer a-token-of-mine' }
const model = 'claude-opus-4-5@20251101'
type AuthClient = NonNullable<NonNullable<ConstructorParameters<typeof AnthropicVertex>[0]>['authClient']>
const judgeClient = (fetch: typeof globalThis.fetch, region: string) =>
  new AnthropicVertex({
    ...{ region, projectId: 'my-project', fetch, maxRetries: 0 },
    authClient: { getRequestHeaders: async () => new Headers(bearer) } as AuthClient,
  })

it.each([
  'global',
  'us',
  'eu',
  'europe-west1',
])('a request has the address, the headers and the body of the official client: %s', async (region) => {
  environment({})
  const ours = recorder()
  const options = { host: 'vertex', region, project: 'my-project', headers: bearer, retry: false } as const
  const llm = claude(model, { ...options, fetch: ours.fetch })
  await llm.chat({ messages: 'Hi', maxOutputTokens: 20 })
  await llm
    .stream({ messages: 'Hi', maxOutputTokens: 20 })
    .response()
    .catch(() => {})
  await llm.countTokens('Hi').catch(() => {})

  const judged = recorder()
  const official = judgeClient(judged.fetch, region)
  const asked = { model, max_tokens: 20, messages: [{ role: 'user' as const, content: 'Hi' }] }
  // An answer in one piece may ask for a stream as well: what is asked follows ours.
  for (const { body } of ours.sent.slice(0, 2))
    await official.messages.create({ ...asked, stream: body.stream === true }).then(
      () => {},
      () => {},
    )
  await official.messages.countTokens({ model, messages: asked.messages })

  expect(ours.sent.map(({ url }) => url)).toEqual(judged.sent.map(({ url }) => url))
  expect(ours.sent[0]?.url).toContain(`/v1/projects/my-project/locations/${region}/publishers/anthropic/`)
  const shape = ({ headers, body }: Sent) => ({
    authorization: headers.authorization,
    'anthropic-version': headers['anthropic-version'],
    'x-api-key': headers['x-api-key'],
    anthropic_version: body.anthropic_version,
    model: body.model,
    max_tokens: body.max_tokens,
  })
  expect(ours.sent.map(shape)).toEqual(judged.sent.map(shape))
  expect(ours.sent.map(({ body }) => body.messages)).toEqual(
    ours.sent.map(() => [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }]),
  )
})

it('sampling, which the newest version of the API refuses, is sent in the older version by its name there', async () => {
  environment({})
  const { sent, fetch } = recorder()
  const llm = claude(model, { host: 'vertex', project: 'p', headers: bearer, fetch })
  await llm.chat({ messages: 'Hi', temperature: 0.5 })
  await llm.chat('Hi')
  expect(sent.map(({ body }) => [body.temperature, body.anthropic_version])).toEqual([
    [0.5, 'vertex-2023-10-16'],
    [undefined, '2026-10-21'],
  ])
  expect(sent.map(({ headers }) => headers['anthropic-version'])).toEqual([undefined, undefined])
})

it('images and documents by address are downloaded: Vertex AI takes bytes only', async () => {
  environment({})
  const web = await faultServer({ headers: { 'content-type': 'application/pdf' }, body: '%PDF-1.7' })
  onTestFinished(() => web.close())
  const { sent, fetch } = recorder()
  const media = { allowHosts: [new URL(web.url).host] }
  const llm = claude(model, { host: 'vertex', project: 'p', headers: bearer, fetch, media })
  await llm.chat([
    { role: 'user', content: [{ type: 'file', url: `${web.url}/a.pdf`, mediaType: 'application/pdf' }] },
  ])
  const base64 = {
    type: 'base64',
    media_type: 'application/pdf',
    data: Buffer.from('%PDF-1.7').toString('base64'),
  }
  expect(sent[0]?.body.messages).toEqual([{ role: 'user', content: [{ type: 'document', source: base64 }] }])
})

it('the rules of a model are those of its name with a date after @', async () => {
  environment({})
  const llm = claude(model, { host: 'vertex', project: 'p' })
  expect((await llm.capabilities()).maxOutput).toBe(64_000)
})

it.each([
  'https://other.example/v1',
  undefined,
])('headers of the environment are not sent: %s', async (baseURL) => {
  environment({ ANTHROPIC_CUSTOM_HEADERS: 'authorization: Bearer secret\nx-proxy: secret' })
  const { sent, fetch } = recorder()
  const options = { host: 'vertex', project: 'p', headers: bearer, fetch, retry: false } as const
  await claude(model, { ...options, ...(baseURL && { baseURL }) }).chat('Hi')
  expect(sent).toHaveLength(1)
  expect(JSON.stringify(sent)).not.toContain('secret')
  expect(sent[0]?.headers).toMatchObject(bearer)
})

it('the key of the environment for Anthropic is not sent to a cloud', async () => {
  environment({
    ANTHROPIC_API_KEY: 'sk-ant-of-the-environment',
    ANTHROPIC_AUTH_TOKEN: 'token-of-environment',
  })
  const { sent, fetch } = recorder()
  await claude(model, { host: 'vertex', project: 'p', headers: bearer, fetch }).chat('Hi')
  expect(sent).toHaveLength(1)
  expect(JSON.stringify(sent)).not.toMatch(/of-(the-)?environment/)
})

describe("Google's credentials", () => {
  it('are only sent to its own hosts over https, and to the address of the environment', async () => {
    const google = vi.spyOn((await import('google-auth-library')).GoogleAuth.prototype, 'getClient')
    google.mockImplementation(
      async () =>
        ({ getRequestHeaders: async () => new Headers({ authorization: 'Bearer of-google' }) }) as AuthClient,
    )
    onTestFinished(() => google.mockRestore())
    const authOf = async (baseURL: string) => {
      const { sent, fetch } = recorder()
      await claude(model, { host: 'vertex', project: 'p', baseURL, retry: false, fetch }).chat('Hi')
      return sent.map(({ headers }) => headers.authorization)
    }
    environment({})
    for (const own of [
      'https://aiplatform.googleapis.com/v1',
      'https://europe-west1-aiplatform.googleapis.com/v1',
      'https://aiplatform.eu.rep.googleapis.com/v1',
      'https://aiplatform-mine.p.googleapis.com/v1',
    ])
      expect(await authOf(own)).toEqual(['Bearer of-google'])
    const others = [
      'http://aiplatform.googleapis.com/v1',
      'https://evil.example/v1',
      'https://aiplatform.googleapis.com.evil.example/v1',
      'https://notaiplatform.googleapis.com/v1',
      'http://127.0.0.1:8080/v1',
    ]
    for (const other of others) expect(await authOf(other)).toEqual([undefined])
    for (const named of others) {
      environment({ ANTHROPIC_VERTEX_BASE_URL: named })
      expect(await authOf(named)).toEqual(['Bearer of-google'])
    }
  })

  it('that cannot be had are an error, and are looked for again by the next call', async () => {
    environment({})
    const google = vi.spyOn((await import('google-auth-library')).GoogleAuth.prototype, 'getClient')
    onTestFinished(() => google.mockRestore())
    google.mockRejectedValueOnce(new Error('Could not load the default credentials.'))
    google.mockRejectedValueOnce(Object.assign(new Error('x'), { code: 'ENOTFOUND' }))
    google.mockImplementation(
      async () =>
        ({ getRequestHeaders: async () => new Headers({ authorization: 'Bearer of-google' }) }) as AuthClient,
    )
    const { sent, fetch } = recorder()
    const llm = claude(model, { host: 'vertex', project: 'p', retry: false, fetch })
    expect(await failureOf(llm.chat('Hi'))).toMatchObject({
      code: 'authentication',
      message: expect.stringMatching(/gcloud auth application-default login/),
    })
    expect(await failureOf(llm.chat('Hi'))).toMatchObject({ code: 'network' })
    expect(sent).toEqual([])
    expect((await llm.chat('Hi')).text).toBe('Hi.')
  })

  it('that never come end with the call', async () => {
    environment({})
    const google = vi.spyOn((await import('google-auth-library')).GoogleAuth.prototype, 'getClient')
    onTestFinished(() => google.mockRestore())
    const abort = new AbortController()
    google.mockImplementation(() => {
      setImmediate(() => abort.abort())
      return new Promise(() => {})
    })
    const { sent, fetch } = recorder()
    const llm = claude(model, { host: 'vertex', project: 'p', retry: false, fetch })
    expect(await failureOf(llm.chat('Hi', { signal: abort.signal }))).toMatchObject({ code: 'aborted' })
    expect(sent).toEqual([])
  })
})

it.each<[what: string, options: object, message: RegExp]>([
  ['a key', { host: 'vertex', apiKey: 'k' }, /takes no apiKey/],
  ['another host', { host: 'https://me.example' }, /Pass the address of any other server as baseURL/],
  ['a region without a host', { region: 'us-east5' }, /region is an option of a cloud/],
  ['a region that is none', { host: 'vertex', region: 'evil.example/' }, /region must be/],
  ['a project that is none', { host: 'vertex', project: '../x' }, /project must be/],
])('%s is refused when the provider is made', (_, options, message) => {
  environment({})
  expect(() => claude(model, options as ClaudeOptions)).toThrow(message)
})

it('a call without a project is a config error', async () => {
  environment({})
  const { sent, fetch } = recorder()
  const llm = claude(model, { host: 'vertex', headers: bearer, fetch })
  expect(await failureOf(llm.chat('Hi'))).toMatchObject({
    code: 'config',
    message: expect.stringMatching(/ANTHROPIC_VERTEX_PROJECT_ID/),
  })
  expect(sent).toEqual([])
})

it.each([
  ['batches', (llm: ReturnType<typeof claude>) => llm.batches.submit(['Hi'])],
  ['a list of models', (llm: ReturnType<typeof claude>) => llm.models()],
])('%s are unsupported there, before anything is sent', async (_, call) => {
  environment({})
  const { sent, fetch } = recorder()
  const llm = claude(model, { host: 'vertex', project: 'p', headers: bearer, fetch })
  expect(await failureOf(call(llm))).toMatchObject({
    code: 'unsupported',
    message: expect.stringMatching(/^Vertex AI has no /),
  })
  expect(sent).toEqual([])
})

const google = (code: number, status: string, message: string): ServedResponse => ({
  status: code,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ error: { code, status, message } }),
})
it.each<[answer: ServedResponse, code: string]>([
  [google(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.'), 'authentication'],
  [google(403, 'PERMISSION_DENIED', "Permission 'aiplatform.endpoints.predict' denied"), 'permission-denied'],
  [google(404, 'NOT_FOUND', 'Publisher Model `claude-x` was not found.'), 'not-found'],
  [google(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded for online_prediction_input_tokens.'), 'rate-limited'],
  [google(503, 'UNAVAILABLE', 'The service is currently unavailable.'), 'overloaded'],
])("an error in Google's form is typed, without the token: %j", async (answer, code) => {
  environment({})
  const server = await faultServer(({ headers }) => ({
    ...answer,
    body: String(answer.body).replace('"}', ` ${headers.authorization}"}`),
  }))
  onTestFinished(() => server.close())
  const llm = claude(model, {
    host: 'vertex',
    project: 'p',
    headers: bearer,
    baseURL: server.url,
    retry: false,
  })
  const error = await failureOf(llm.chat('Hi'))
  expect(error.code).toBe(code)
  expect(`${error.message} ${error.responseBody}`).not.toContain('a-token-of-mine')
})

it('without the package of the vendor, a call says what to install', async () => {
  environment({})
  vi.resetModules()
  vi.doMock('@anthropic-ai/vertex-sdk', () => {
    throw new Error("Cannot find package '@anthropic-ai/vertex-sdk'")
  })
  onTestFinished(() => {
    vi.doUnmock('@anthropic-ai/vertex-sdk')
    vi.resetModules()
  })
  const { claude: bare } = await import('./index.js')
  const { sent, fetch } = recorder()
  expect(await failureOf(bare(model, { host: 'vertex', project: 'p', fetch }).chat('Hi'))).toMatchObject({
    code: 'config',
    message: expect.stringMatching(/Run: npm install @anthropic-ai\/vertex-sdk$/),
  })
  expect(sent).toEqual([])
})
