// Message Batches: submission, status, and results in any order.
import { isLlmError, type LlmError } from '@patchbay/core'
import { faultServer, type ReceivedRequest, type ServedResponse } from '@patchbay/testing'
import { expect, it, onTestFinished } from 'vitest'
import { json } from '../test/server.js'
import { claude } from './index.js'

const message = (text: string) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-x-1',
  content: [{ type: 'text', text }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 3, output_tokens: 2 },
})
const line = (index: number, result: object) => JSON.stringify({ custom_id: `request-${index}`, result })
const ended = {
  id: 'b',
  processing_status: 'ended',
  request_counts: { processing: 0, succeeded: 2, errored: 1, canceled: 1, expired: 1 },
}

async function batches(answer: (request: ReceivedRequest) => ServedResponse) {
  const server = await faultServer(answer)
  onTestFinished(() => server.close())
  return {
    server,
    batches: claude('claude-x', { apiKey: 'sk-secret', retry: false, baseURL: server.url }).batches,
  }
}
async function all(results: AsyncIterable<{ index: number; response?: { text: string }; error?: LlmError }>) {
  const seen: [number, string][] = []
  for await (const { index, response, error } of results)
    seen.push([index, response?.text ?? error?.code ?? ''])
  return seen
}
async function failureOf(work: Promise<unknown>): Promise<LlmError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown) => thrown,
  )
  if (!isLlmError(error)) throw error
  return error
}

it('sends each request as a call would, with its number', async () => {
  const { server, batches: own } = await batches(() =>
    json({ id: 'msgbatch_1', processing_status: 'in_progress' }),
  )
  expect(
    await own.submit(['one', { messages: 'two', maxOutputTokens: 9, temperature: 0 }], {
      headers: { beta: 'x' },
    }),
  ).toBe('msgbatch_1')
  expect(server.requests[0]).toMatchObject({
    method: 'POST',
    path: '/v1/messages/batches',
    headers: { beta: 'x', 'x-api-key': 'sk-secret' },
  })
  expect(server.requests[0]?.json).toMatchObject({
    requests: [
      { custom_id: 'request-0', params: { model: 'claude-x', messages: [{ role: 'user' }] } },
      { custom_id: 'request-1', params: { max_tokens: 9, temperature: 0 } },
    ],
  })
})

it('refuses a list with an invalid request, names its index, and sends nothing', async () => {
  const { server, batches: own } = await batches(() => json({}))
  expect(await failureOf(own.submit(['x', { messages: 'x', seed: 1, onUnsupported: 'warn' }]))).toMatchObject(
    { code: 'unsupported', message: expect.stringContaining('requests[1]') },
  )
  expect(await failureOf(own.submit(['x', []]))).toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining('requests[1]: messages'),
  })
  expect(await failureOf(own.submit([]))).toMatchObject({ code: 'invalid-request' })
  expect(server.requests).toHaveLength(0)
})

it('gives the status of a batch to any process that knows its id', async () => {
  const counts = { processing: 3, succeeded: 1, errored: 0, canceled: 0, expired: 0 }
  const { server, batches: own } = await batches(() =>
    json({ id: 'b', processing_status: 'in_progress', request_counts: counts }),
  )
  expect(await own.status('b/1')).toEqual({ state: 'running', total: 4, answered: 1, failed: 0 })
  expect(server.requests[0]).toMatchObject({ method: 'GET', path: '/v1/messages/batches/b%2F1' })
  expect(await failureOf(all(own.results('b')))).toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining('1 of 4'),
  })
  await own.cancel('b')
  expect(server.requests.at(-1)).toMatchObject({ method: 'POST', path: '/v1/messages/batches/b/cancel' })
})

it('gives results in the order of the requests, with typed errors for failures and gaps', async () => {
  const lines = [
    line(3, { type: 'expired' }),
    line(1, {
      type: 'errored',
      error: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
    }),
    line(0, { type: 'succeeded', message: message('first') }),
    line(2, { type: 'canceled' }),
  ]
  const { server, batches: own } = await batches(({ path }) =>
    path.endsWith('/results')
      ? { body: lines.join('\n'), headers: { 'content-type': 'application/x-jsonl' }, chunk: 7 }
      : json(ended),
  )
  expect(await all(own.results('b'))).toEqual([
    [0, 'first'],
    [1, 'overloaded'],
    [2, 'aborted'],
    [3, 'timeout'],
    [4, 'bad-response'],
  ])
  expect(server.requests.map(({ path }) => path)).toEqual([
    '/v1/messages/batches/b',
    '/v1/messages/batches/b/results',
  ])
  for await (const { response } of own.results('b')) {
    expect(response).toMatchObject({
      text: 'first',
      usage: { inputTokens: 3, outputTokens: 2 },
      model: 'claude-x-1',
      provider: 'claude',
    })
    break
  }
})

it('an unreadable line fails only its own request', async () => {
  const good = (index: number, text: string) => line(index, { type: 'succeeded', message: message(text) })
  const lines = [good(0, 'first'), '{"custom_id":"request-1","res', '{"custom_', good(3, 'last'), '']
  const { batches: own } = await batches(({ path }) =>
    path.endsWith('/results') ? { body: lines.join('\n') } : json(ended),
  )
  expect((await all(own.results('b'))).slice(0, 4)).toEqual([
    [0, 'first'],
    [1, 'bad-response'],
    [2, 'bad-response'],
    [3, 'last'],
  ])
})

it.each([
  [
    'an error',
    { type: 'error', error: { type: 'not_found_error', message: 'No batch b' } },
    'not-found',
    'No batch b',
  ],
  ['a state nobody knows', { id: 'b', processing_status: 'sleeping' }, 'bad-response', 'sleeping'],
  ['nothing', {}, 'bad-response', 'no state'],
])('the status of a batch from %s is a typed error, not endless running', async (_, answer, code, words) => {
  const { batches: own } = await batches(() => json(answer))
  expect(await failureOf(own.status('b'))).toMatchObject({ code, message: expect.stringContaining(words) })
})

it.each<[string, Partial<ServedResponse>, string]>([
  ['cut off in a line', { cutAt: 30 }, 'bad-response'],
  ['cut off between bytes', { resetAt: 30 }, 'network'],
  [
    'an error',
    {
      status: 529,
      body: JSON.stringify({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
    },
    'overloaded',
  ],
])('results that are %s are one typed error', async (_, fault, code) => {
  const body = [line(0, { type: 'succeeded', message: message('first') })].join('\n')
  const { batches: own } = await batches(({ path }) =>
    path.endsWith('/results') ? { body, ...fault } : json(ended),
  )
  expect(await failureOf(all(own.results('b')))).toMatchObject({ code, provider: 'claude' })
})

it('results that stop coming end by the idle limit', async () => {
  const { server, batches: own } = await batches(({ path }) =>
    path.endsWith('/results')
      ? { body: `${line(0, { type: 'succeeded', message: message('first') })}\n`, neverEnd: true }
      : json(ended),
  )
  expect(await failureOf(all(own.results('b', { timeout: { idle: 50 } })))).toMatchObject({ code: 'timeout' })
  await expect.poll(() => server.open).toBe(0)
})

it('the error of an unknown batch speaks of the batch', async () => {
  const { batches: own } = await batches(() => ({
    status: 404,
    body: JSON.stringify({ type: 'error', error: { type: 'not_found_error', message: 'No such batch' } }),
  }))
  for (const work of [() => own.status('b1'), () => own.cancel('b1')])
    expect(await failureOf(work())).toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/No such batch\. Check the id of the batch/),
    })
})

it('refuses more than the service takes in one batch before anything is sent', async () => {
  const { server, batches: own } = await batches(() => json({ id: 'b' }))
  expect(await failureOf(own.submit(Array.from({ length: 100_001 }, () => 'x')))).toMatchObject({
    code: 'invalid-request',
    message:
      'A batch of Anthropic has at most 100,000 requests; this one has 100,001. Submit them in several batches.',
  })
  // 256 MB, in characters of two bytes.
  const long = 'ä'.repeat(32_000_000)
  expect(await failureOf(own.submit([long, long, long, long, long]))).toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining('at most 256,000,000 bytes'),
  })
  expect(server.requests).toHaveLength(0)
}, 60_000)

it('names the request that JSON cannot hold, and sends nothing', async () => {
  const { server, batches: own } = await batches(() => json({ id: 'b' }))
  const odd = { messages: 'x', providerOptions: { claude: { a: 10n } } }
  expect(await failureOf(own.submit(['x', odd]))).toMatchObject({
    code: 'invalid-request',
    message: expect.stringMatching(/^requests\[1\] cannot be written as JSON: .*BigInt/),
  })
  expect(server.requests).toHaveLength(0)
})

it('no error of a batch repeats the token for an MCP server', async () => {
  const secret = 'wiki-Token_of-mine'
  const message = `The token ${secret} is not valid`
  const { batches: own } = await batches(() =>
    json({ type: 'error', error: { type: 'invalid_request_error', message } }, 400),
  )
  const wiki = claude.tools.mcp({ name: 'wiki', url: 'https://wiki.example/mcp', authorizationToken: secret })
  const failure = await failureOf(own.submit(['x', { messages: 'x', tools: [wiki] }]))
  expect(failure.message).toContain('is not valid')
  expect(failure.message).not.toContain(secret)
})
