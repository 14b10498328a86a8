// Claude on Amazon Bedrock: signatures that `aws4` verifies, event streams of Amazon's own encoder, credentials, refusals, errors.
import { AnthropicBedrock } from '@anthropic-ai/bedrock-sdk'
import { isLlmError, type LlmError } from '@patchbay/core'
import { faultServer, type ReceivedRequest, type ServedResponse } from '@patchbay/testing'
import { strictService } from '@patchbay/testing/services'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  eventStream,
  exception,
  frame,
  identity,
  isSigned,
  key,
  region,
  simulateBedrock,
} from '../test/bedrock.js'
import { simulateAnthropic } from '../test/server.js'
import { type ClaudeOptions, claude } from './index.js'

const model = 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0'
const credentials = async () => identity
const base = { host: 'bedrock', region, retry: false } as const

async function failureOf(work: Promise<unknown>): Promise<LlmError> {
  const error: unknown = await work.then(
    () => new Error('expected a failure'),
    (thrown) => thrown,
  )
  if (!isLlmError(error)) throw error
  return error
}

const environment = (variables: Record<string, string | undefined> = {}) => {
  const none = {
    ...{ AWS_REGION: undefined, AWS_DEFAULT_REGION: undefined, AWS_PROFILE: undefined },
    ...{ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_SESSION_TOKEN: undefined },
    ...{ AWS_BEARER_TOKEN_BEDROCK: undefined, ANTHROPIC_BEDROCK_BASE_URL: undefined },
    // Nothing of the machine, and nothing of the network.
    ...{ AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' },
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  for (const [name, value] of Object.entries({ ...none, ...variables })) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
}

const ofEnvironment = {
  AWS_ACCESS_KEY_ID: identity.accessKeyId,
  AWS_SECRET_ACCESS_KEY: identity.secretAccessKey,
  AWS_SESSION_TOKEN: identity.sessionToken,
}

async function service(broken?: (request: ReceivedRequest) => ServedResponse | undefined) {
  environment()
  const anthropic = await simulateAnthropic()
  const server = await simulateBedrock(anthropic, broken)
  onTestFinished(async () => {
    await server.close()
    await anthropic.close()
  })
  return server
}

const message = {
  ...{ type: 'message', id: 'm', role: 'assistant', model: 'claude-sonnet-4-5' },
  ...{ content: [{ type: 'text', text: 'Hi.' }], stop_reason: 'end_turn', usage: {} },
}

function recorder() {
  const sent: { url: string; headers: Record<string, string>; body: Record<string, unknown> }[] = []
  const fetch = async (url: unknown, init: RequestInit = {}) => {
    const headers = Object.fromEntries(new Headers(init.headers))
    sent.push({ url: String(url), headers, body: JSON.parse(String(init.body)) })
    return Response.json(message)
  }
  return { sent, fetch: fetch as typeof globalThis.fetch }
}

describe('a signed request', () => {
  it.each([
    model,
    'anthropic.claude-3-haiku-20240307-v1:0',
    'arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc123',
  ])('is answered, and streamed: %s', async (id) => {
    const server = await service()
    const llm = claude(id, { ...base, baseURL: server.url, credentials })
    expect((await llm.chat('What is the capital of France?')).text).toBe('The capital of France is Paris.')
    const stream = llm.stream({ messages: 'What is the capital of France?' })
    const types = new Set<string>()
    for await (const { type } of stream) types.add(type)
    expect([...types]).toContain('text')
    const { text, requestId } = await stream.response()
    expect({ text, requestId }).toEqual({ text: 'The capital of France is Paris.', requestId: 'aws-req-1' })
    const [, asked = ''] =
      /^\/model\/([^/]+)\/invoke-with-response-stream$/.exec(server.requests.at(-1)?.path ?? '') ?? []
    expect(decodeURIComponent(asked)).toBe(id)
    for (const request of server.requests)
      expect(request.headers['x-amz-security-token']).toBe(identity.sessionToken)
  })

  it('has the body of the official client, but for the version that all models take', async () => {
    environment()
    const [ours, judged] = [recorder(), recorder()]
    const options = { ...base, baseURL: 'http://127.0.0.1:1', credentials }
    await claude(model, { ...options, fetch: ours.fetch }).chat({
      messages: 'Hi',
      maxOutputTokens: 20,
      temperature: 0.5,
    })
    const official = new AnthropicBedrock({
      ...{ awsRegion: region, baseURL: options.baseURL, apiKey: null, fetch: judged.fetch, maxRetries: 0 },
      providerChainResolver: async () => credentials,
    })
    const { stream, temperature } = { stream: ours.sent[0]?.url.endsWith('stream'), temperature: 0.5 }
    await official
      .post('/v1/messages', {
        body: {
          ...{ model, max_tokens: 20, temperature, stream },
          messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
          anthropic_version: 'bedrock-2023-05-31',
        },
      })
      .catch(() => {})
    const shape = ({ url, body }: { url: string; body: object }) => ({ url, body })
    expect(ours.sent).toHaveLength(1)
    expect(ours.sent.map(shape)).toEqual(judged.sent.map(shape))
  })

  it('has betas in the body, and headers and the query of the caller in the signature', async () => {
    const server = await service(({ path }) =>
      path.includes('?') ? exception('ValidationException', 'seen') : undefined,
    )
    const headers = { 'anthropic-beta': 'one-beta, another', 'X-Of-Mine': 'yes' }
    const llm = claude(model, { ...base, baseURL: server.url, credentials, headers })
    await llm.chat('Hi')
    await claude(model, { ...base, baseURL: `${server.url}?stage=a%2Fb`, credentials })
      .chat('Hi')
      .catch(() => {})
    const [first, second] = server.requests
    expect((first?.json as Record<string, unknown>).anthropic_beta).toEqual(['one-beta', 'another'])
    expect(first?.headers.authorization).toContain('x-of-mine')
    expect(second?.path).toMatch(/\?stage=a%2Fb$/)
    expect(server.requests.map(isSigned)).toEqual([true, true])
  })

  it('counts tokens, with a signature, of the model under the inference profile', async () => {
    const server = await service()
    const llm = claude(model, { ...base, baseURL: server.url, credentials })
    expect(await llm.countTokens('Hello there, how are you?')).toBeGreaterThan(0)
    expect(server.requests.map(({ path }) => path)).toEqual([
      '/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/count-tokens',
    ])
  })

  it('has the credentials of now, not those of the first request', async () => {
    const server = await service()
    let asked = 0
    const counted = async () => {
      asked++
      return identity
    }
    const llm = claude(model, { ...base, baseURL: server.url, credentials: counted })
    await llm.chat('Hi')
    await llm.chat('Hi')
    expect(asked).toBe(2)
  })

  it('is refused with other credentials, without a secret in the error', async () => {
    const server = await service((request) => {
      const { authorization, 'x-amz-security-token': token } = request.headers
      return isSigned(request)
        ? undefined
        : exception('InvalidSignatureException', `No: ${authorization} ${token}`, 403)
    })
    const secretAccessKey = 'another-secret-access-key-of-mine'
    const llm = claude(model, {
      ...base,
      baseURL: server.url,
      credentials: async () => ({ ...identity, secretAccessKey }),
    })
    const error = await failureOf(llm.chat('Hi'))
    expect(error).toMatchObject({ code: 'authentication', status: 403, requestId: 'aws-req-1' })
    expect(error.message).toMatch(/^Amazon Bedrock: No: /)
    expect(`${error.message} ${error.responseBody}`).not.toMatch(/a-session-token|Signature=[\da-f]{64}/)
  })
})

describe('a key', () => {
  it('of the options is sent in place of a signature, to any server', async () => {
    const server = await service()
    environment({ ...ofEnvironment, AWS_BEARER_TOKEN_BEDROCK: 'of-the-environment' })
    expect((await claude(model, { ...base, baseURL: server.url, apiKey: key }).chat('Hi')).text).not.toBe('')
    expect(server.requests[0]?.headers).toMatchObject({ authorization: `Bearer ${key}` })
    expect(server.requests[0]?.headers).not.toHaveProperty('x-amz-date')
  })

  it('that is wrong is an authentication error without it', async () => {
    const server = await service((request) =>
      exception('AccessDeniedException', `Authentication failed: ${request.headers.authorization}`, 403),
    )
    const error = await failureOf(
      claude(model, { ...base, baseURL: server.url, apiKey: 'a-wrong-key' }).chat('Hi'),
    )
    expect(error.code).toBe('authentication')
    expect(`${error.message} ${error.responseBody}`).not.toContain('a-wrong-key')
  })
})

describe('what the environment has', () => {
  const amazons = [
    'https://bedrock-runtime.eu-west-1.amazonaws.com',
    'https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com',
    'https://bedrock-runtime.cn-north-1.amazonaws.com.cn',
    'https://vpce-0a1b2c.bedrock-runtime.us-east-1.vpce.amazonaws.com',
  ]
  const others = [
    'http://bedrock-runtime.eu-west-1.amazonaws.com',
    'https://bedrock-runtime.eu-west-1.amazonaws.com.evil.example',
    'https://bedrock-runtime.s3.amazonaws.com',
    'https://evil.example',
    'http://127.0.0.1:8080',
  ]
  const sentTo = async (baseURL: string) => {
    const { sent, fetch } = recorder()
    await claude(model, { ...base, baseURL, fetch }).chat('Hi')
    return sent.map(({ headers }) => headers.authorization ?? 'nothing')
  }
  it.each([
    ['a key', { ...ofEnvironment, AWS_BEARER_TOKEN_BEDROCK: 'token' }, /^Bearer token$/],
    ['credentials', ofEnvironment, /^AWS4-HMAC-SHA256 Credential=AKIA/],
  ])('%s is only sent to hosts of Amazon over https, and to the address of the environment', async (_, variables, expected) => {
    environment(variables)
    for (const own of amazons) expect(await sentTo(own)).toEqual([expect.stringMatching(expected)])
    for (const other of others) expect(await sentTo(other)).toEqual(['nothing'])
    for (const named of others) {
      environment({ ...variables, ANTHROPIC_BEDROCK_BASE_URL: named })
      expect(await sentTo(named)).toEqual([expect.stringMatching(expected)])
    }
  })

  it('for Anthropic is not sent', async () => {
    environment({
      ...{ ANTHROPIC_API_KEY: 'secret-key', ANTHROPIC_AUTH_TOKEN: 'secret-token' },
      ANTHROPIC_CUSTOM_HEADERS: 'authorization: Bearer secret\nx-proxy: secret',
    })
    const { sent, fetch } = recorder()
    await claude(model, { ...base, credentials, fetch }).chat('Hi')
    expect(sent).toHaveLength(1)
    expect(JSON.stringify(sent)).not.toContain('secret-')
    expect(JSON.stringify(sent)).not.toContain('x-proxy')
  })

  it('says the region, and the address follows it', async () => {
    const hostOf = async (options: ClaudeOptions, variables: Record<string, string>) => {
      environment(variables)
      const { sent, fetch } = recorder()
      await claude(model, { host: 'bedrock', apiKey: key, fetch, ...options }).chat('Hi')
      return new URL(sent[0]?.url ?? '').host
    }
    expect(await hostOf({}, {})).toBe('bedrock-runtime.us-east-1.amazonaws.com')
    expect(await hostOf({}, { AWS_DEFAULT_REGION: 'eu-west-3' })).toBe(
      'bedrock-runtime.eu-west-3.amazonaws.com',
    )
    expect(await hostOf({}, { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-3' })).toBe(
      'bedrock-runtime.eu-west-1.amazonaws.com',
    )
    expect(await hostOf({ region: 'cn-north-1' }, { AWS_REGION: 'eu-west-1' })).toBe(
      'bedrock-runtime.cn-north-1.amazonaws.com.cn',
    )
  })

  it('that is nothing is an error which says what to do', async () => {
    environment()
    const { sent, fetch } = recorder()
    expect(await failureOf(claude(model, { ...base, fetch }).chat('Hi'))).toMatchObject({
      code: 'authentication',
      message: expect.stringMatching(/aws sso login/),
    })
    expect(sent).toEqual([])
  })
})

it.each<[what: string, credentials: () => Promise<never>, error: object]>([
  [
    'that fail',
    async () => {
      throw new Error('The vault is sealed')
    },
    { code: 'authentication', message: expect.stringContaining('credentials failed: The vault is sealed') },
  ],
  [
    'whose source cannot be reached',
    async () => {
      throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
    },
    { code: 'network' },
  ],
  [
    'that are incomplete',
    async () => ({ accessKeyId: 'AKIA' }) as never,
    { code: 'authentication', message: expect.stringContaining('no secretAccessKey') },
  ],
  [
    'that are nothing',
    async () => undefined as never,
    { code: 'authentication', message: expect.stringContaining('no secretAccessKey') },
  ],
])('credentials %s are told by their own cause', async (_, own, error) => {
  environment()
  const { sent, fetch } = recorder()
  const llm = claude(model, { ...base, credentials: own, fetch, retry: false })
  expect(await failureOf(llm.chat('Hi'))).toMatchObject(error)
  expect(sent).toEqual([])
})

it('credentials that never come end with the call', async () => {
  environment()
  const abort = new AbortController()
  const { sent, fetch } = recorder()
  const never = () => {
    setImmediate(() => abort.abort())
    return new Promise<never>(() => {})
  }
  const llm = claude(model, { ...base, credentials: never, fetch })
  expect(await failureOf(llm.chat('Hi', { signal: abort.signal }))).toMatchObject({ code: 'aborted' })
  expect(sent).toEqual([])
})

it.each<[what: string, options: object, message: RegExp]>([
  ['a project', { host: 'bedrock', project: 'p' }, /has no project/],
  ['a key beside credentials', { host: 'bedrock', apiKey: key, credentials }, /not both/],
  [
    'credentials without a host',
    { credentials },
    /credentials is an option of a cloud. Pass host: 'bedrock' too/,
  ],
  ['credentials that are no function', { host: 'bedrock', credentials: identity }, /must be a function/],
  ['credentials for another cloud', { host: 'vertex', credentials }, /takes no credentials/],
  ['a region that is none', { host: 'bedrock', region: 'evil.example/' }, /region must be/],
])('%s is refused when the provider is made', (_, options, expected) => {
  environment()
  expect(() => claude(model, options as ClaudeOptions)).toThrow(expected)
})

it.each([
  ['batches', (llm: ReturnType<typeof claude>) => llm.batches.submit(['Hi'])],
  ['a list of models', (llm: ReturnType<typeof claude>) => llm.models()],
])('%s are unsupported there, before anything is sent', async (_, call) => {
  environment()
  const { sent, fetch } = recorder()
  expect(await failureOf(call(claude(model, { ...base, credentials, fetch })))).toMatchObject({
    code: 'unsupported',
    message: expect.stringMatching(/^Amazon Bedrock has no /),
  })
  expect(sent).toEqual([])
})

it('images by address are downloaded: Bedrock takes bytes only', async () => {
  const server = await service()
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  )
  const web = await faultServer({ headers: { 'content-type': 'image/png' }, body: png })
  onTestFinished(() => web.close())
  const llm = claude(model, {
    ...base,
    baseURL: server.url,
    credentials,
    media: { allowHosts: [new URL(web.url).host] },
  })
  await llm.chat([{ role: 'user', content: [{ type: 'image', url: `${web.url}/a.png` }] }])
  expect(JSON.stringify(server.requests[0]?.json)).toContain(png.toString('base64'))
})

it('a model whose end is announced by Anthropic is not deprecated there: Amazon has dates of its own', async () => {
  environment()
  const { fetch } = recorder()
  const llm = claude('anthropic.claude-opus-4-5-20251101-v1:0', { ...base, credentials, fetch })
  expect((await llm.chat('Hi')).warnings).toEqual([])
  const { maxOutput, endOfLife } = await llm.capabilities()
  expect({ maxOutput, endOfLife }).toEqual({ maxOutput: 64_000, endOfLife: undefined })
})

const started = [
  { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'The' } },
].map((event) => JSON.stringify(event))

describe('errors', () => {
  it.each<[type: string, status: number, message: string, code: string]>([
    [
      'AccessDeniedException',
      403,
      "You don't have access to the model with the specified model ID.",
      'permission-denied',
    ],
    [
      'UnrecognizedClientException',
      403,
      'The security token included in the request is invalid.',
      'authentication',
    ],
    ['ExpiredTokenException', 403, 'The security token included in the request is expired', 'authentication'],
    ['ResourceNotFoundException', 404, 'This model version has reached the end of its life.', 'not-found'],
    ['ThrottlingException', 429, 'Too many requests, please wait before trying again.', 'rate-limited'],
    [
      'ThrottlingException',
      429,
      'Too many tokens per day, please wait before trying again.',
      'quota-exceeded',
    ],
    [
      'ModelNotReadyException',
      429,
      'Model is not ready for inference. Wait and try your request again.',
      'overloaded',
    ],
    ['ModelTimeoutException', 408, 'Model has timed out in processing the request.', 'timeout'],
    [
      'ModelErrorException',
      424,
      'The system encountered an unexpected error during processing.',
      'server-error',
    ],
    ['ServiceUnavailableException', 503, 'Bedrock is unable to process your request.', 'overloaded'],
    [
      'InternalServerException',
      500,
      'The system encountered an unexpected error during processing.',
      'server-error',
    ],
    ['ServiceQuotaExceededException', 400, 'Your request exceeds the service quota.', 'quota-exceeded'],
    ['ValidationException', 400, 'Input is too long for requested model.', 'context-length'],
    [
      'ValidationException',
      400,
      'The model returned the following errors: reasoning: Extra inputs are not permitted',
      'invalid-request',
    ],
  ])('%s (%i, %s) is %s', async (type, status, text, code) => {
    const server = await service(() => exception(type, text, status))
    const error = await failureOf(claude(model, { ...base, baseURL: server.url, credentials }).chat('Hi'))
    expect(error).toMatchObject({ code, status, requestId: 'aws-req-1' })
    expect(error.message).toMatch(/^Amazon Bedrock: /)
    expect(error.message).toContain(text.replace(/\.$/, ''))
  })

  const streamed = async (answer: ServedResponse) => {
    const server = await service(() => answer)
    const llm = claude(model, { ...base, baseURL: server.url, credentials })
    return failureOf(llm.stream('Hi').response())
  }

  it.each([
    ['throttlingException', 'Too many requests', 'rate-limited'],
    ['modelStreamErrorException', 'The model stopped.', 'server-error'],
    ['modelTimeoutException', 'Model has timed out.', 'timeout'],
    ['internalServerException', 'Unexpected error.', 'server-error'],
    ['serviceUnavailableException', 'Not available.', 'overloaded'],
    ['validationException', 'Input is too long for requested model.', 'context-length'],
    ['somethingNewException', 'New.', 'server-error'],
  ])('%s in the middle of a stream (%s) is %s, and what was said is kept', async (type, text, code) => {
    const last = frame({ ':message-type': 'exception', ':exception-type': type }, { message: text })
    const error = await streamed(eventStream(started, last))
    expect(error).toMatchObject({ code, partial: { text: 'The' }, requestId: 'aws-req-1' })
    expect(error.message).toMatch(/^Amazon Bedrock: /)
    expect(error.message).toContain(text.replace(/\.$/, ''))
  })

  it('an error of the Messages API in a chunk is typed', async () => {
    const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
    expect(await streamed(eventStream([...started, JSON.stringify(overloaded)]))).toMatchObject({
      code: 'overloaded',
    })
  })

  const whole = eventStream(started).body as Buffer
  it.each<[where: string, answer: ServedResponse, code: string]>([
    ['between two frames', eventStream(started), 'bad-response'],
    ['before its first byte', eventStream([]), 'bad-response'],
    ['in the middle of a frame', { ...eventStream(started), cutAt: whole.length - 7 }, 'network'],
    ['by a broken connection', { ...eventStream(started), resetAt: whole.length - 7 }, 'network'],
  ])('a stream that ends %s is an error, as a cut answer of Anthropic is', async (_, answer, code) => {
    expect((await streamed(answer)).code).toBe(code)
  })

  it('a frame that was damaged on the way is an error', async () => {
    const bytes = Uint8Array.from(whole)
    bytes[whole.length - 20] = (bytes[whole.length - 20] ?? 0) ^ 1
    expect((await streamed({ ...eventStream(started), body: bytes })).code).toMatch(/network|bad-response/)
  })
})

it('the strict service of Bedrock answers the official client and ours, whole and streamed, and refuses both alike', async () => {
  environment()
  const strict = await strictService('bedrock', { script: ['Paris it is.'] })
  onTestFinished(() => strict.close())
  const official = new AnthropicBedrock({
    baseURL: strict.url,
    awsRegion: region,
    apiKey: key,
    maxRetries: 0,
  })
  const asked = { model, max_tokens: 20, messages: [{ role: 'user' as const, content: 'Hi' }] }
  const body = { ...asked, anthropic_version: 'bedrock-2023-05-31' }
  const events: string[] = []
  for await (const event of await official.messages.create({ ...body, stream: true }))
    if (event.type === 'content_block_delta' && event.delta.type === 'text_delta')
      events.push(event.delta.text)
  const llm = claude(model, { ...base, baseURL: strict.url, apiKey: key })
  const { text } = await llm.stream('Hi').response()
  expect([events.join(''), text, (await llm.chat('Hi')).text]).toEqual(Array(3).fill('Paris it is.'))
  expect(await llm.countTokens('Hi')).toBe(10)
  expect(strict.refused).toEqual([])
  const failure = await official.messages
    .create({ ...body, max_tokens: 128_000, stream: true })
    .catch((thrown) => thrown)
  expect(failure).toMatchObject({
    status: 400,
    message: expect.stringContaining('max_tokens: 128000 > 64000'),
  })
})

it('an answer that the caller leaves is no longer read', async () => {
  const server = await service(() => ({ ...eventStream(started), endless: true }))
  const llm = claude(model, { ...base, baseURL: server.url, credentials })
  for await (const event of llm.stream('Hi')) if (event.type === 'text') break
  await expect.poll(() => server.open).toBe(0)
})

it('without the package of the vendor, a call says what to install', async () => {
  environment()
  vi.resetModules()
  vi.doMock('@anthropic-ai/bedrock-sdk', () => {
    throw new Error("Cannot find package '@anthropic-ai/bedrock-sdk'")
  })
  onTestFinished(() => {
    vi.doUnmock('@anthropic-ai/bedrock-sdk')
    vi.resetModules()
  })
  const { claude: bare } = await import('./index.js')
  const { sent, fetch } = recorder()
  expect(await failureOf(bare(model, { ...base, credentials, fetch }).chat('Hi'))).toMatchObject({
    code: 'config',
    message: expect.stringMatching(/Run: npm install @anthropic-ai\/bedrock-sdk$/),
  })
  expect(sent).toEqual([])
})
