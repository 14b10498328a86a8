// The Batch API: the file of requests, the status, and the two files of results.
import type { LlmError } from '@patchbay/core'
import type { ReceivedRequest, ServedResponse } from '@patchbay/testing'
import { expect, it } from 'vitest'
import { json } from '../../test/server.js'
import { failureOf, serve } from '../../test/wire.js'
import { openai } from '../index.js'

const completion = (content: string) => ({
  id: 'chatcmpl_1',
  model: 'gpt-x-1',
  choices: [{ message: { role: 'assistant', content }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 2 },
})
const line = (index: number, rest: object) =>
  JSON.stringify({ id: `r${index}`, custom_id: `request-${index}`, response: null, error: null, ...rest })

async function batches(
  answer: (request: ReceivedRequest) => ServedResponse,
  api: 'chat' | 'responses' = 'chat',
) {
  const server = await serve(answer)
  return {
    server,
    batches: openai('gpt-x', { apiKey: 'sk-secret', retry: false, baseURL: server.url, api }).batches,
  }
}
async function all(results: AsyncIterable<{ index: number; response?: { text: string }; error?: LlmError }>) {
  const seen: [number, string][] = []
  for await (const { index, response, error } of results)
    seen.push([index, response?.text ?? error?.code ?? ''])
  return seen
}

it.each(['chat', 'responses'] as const)('uploads a file of requests and creates a batch: %s', async (api) => {
  const { server, batches: own } = await batches(
    ({ path }) => json(path === '/files' ? { id: 'file-1' } : { id: 'batch_1', status: 'validating' }),
    api,
  )
  expect(await own.submit(['one', { messages: 'two', maxOutputTokens: 9 }])).toBe('batch_1')
  const [file, batch] = server.requests
  expect(file?.headers['content-type']).toMatch(/^multipart\/form-data/)
  expect(file?.body).toMatch(/name="purpose"\s+batch/)
  const endpoint = api === 'chat' ? '/v1/chat/completions' : '/v1/responses'
  const lines = (file?.body.match(/^\{.*\}$/gm) ?? []).map((text) => JSON.parse(text))
  expect(lines).toMatchObject([
    { custom_id: 'request-0', method: 'POST', url: endpoint, body: { model: 'gpt-x' } },
    {
      custom_id: 'request-1',
      url: endpoint,
      body: { [api === 'chat' ? 'max_tokens' : 'max_output_tokens']: 9 },
    },
  ])
  expect(lines[0]?.body).not.toHaveProperty('stream', true)
  expect(batch).toMatchObject({
    path: '/batches',
    json: { input_file_id: 'file-1', endpoint, completion_window: '24h' },
  })
})

it('reports its status, and why a whole batch was refused', async () => {
  const counts = { total: 4, completed: 1, failed: 1 }
  let wire: object = { id: 'b', status: 'in_progress', request_counts: counts }
  const { server, batches: own } = await batches(() => json(wire))
  expect(await own.status('b')).toEqual({ state: 'running', total: 4, answered: 1, failed: 1 })
  wire = { id: 'b', status: 'cancelled', request_counts: counts }
  expect(await own.status('b')).toEqual({ state: 'cancelled', total: 4, answered: 1, failed: 3 })
  wire = { id: 'b', status: 'failed', errors: { data: [{ message: 'Line 2 is no JSON' }] } }
  expect(await failureOf(own.status('b'))).toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining('Line 2'),
  })
  wire = { id: 'b', status: 'cancelling' }
  await own.cancel('b')
  expect(server.requests.at(-1)).toMatchObject({ method: 'POST', path: '/batches/b/cancel' })
})

it('returns the results of both files in the order of the requests, with typed errors for failures and gaps', async () => {
  const output = [
    line(3, { response: { status_code: 200, request_id: 'q', body: completion('last') } }),
    line(0, { response: { status_code: 200, body: completion('first') } }),
  ]
  const errors = [
    line(1, {
      response: {
        status_code: 429,
        request_id: 'q',
        body: { error: { message: 'Slow down', type: 'rate_limit_error' } },
      },
    }),
    line(2, { error: { code: 'batch_expired', message: 'expired' } }),
  ]
  const { batches: own } = await batches(({ path }) => {
    if (path === '/files/out/content') return { body: output.join('\n'), chunk: 9 }
    if (path === '/files/err/content') return { body: errors.join('\n') }
    return json({
      id: 'b',
      status: 'expired',
      output_file_id: 'out',
      error_file_id: 'err',
      request_counts: { total: 5, completed: 2, failed: 1 },
    })
  })
  expect(await own.status('b')).toEqual({ state: 'ended', total: 5, answered: 2, failed: 3 })
  expect(await all(own.results('b'))).toEqual([
    [0, 'first'],
    [1, 'rate-limited'],
    [2, 'timeout'],
    [3, 'last'],
    [4, 'bad-response'],
  ])
})

it('an unreadable line fails only its own request', async () => {
  const good = (index: number, text: string) =>
    line(index, { response: { status_code: 200, body: completion(text) } })
  const output = [good(0, 'first'), '{"custom_id":"request-1","resp', '{"custom_', good(3, 'last'), '']
  const { batches: own } = await batches(({ path }) =>
    path.startsWith('/files')
      ? { body: output.join('\n') }
      : json({
          id: 'b',
          status: 'completed',
          output_file_id: 'out',
          request_counts: { total: 4, completed: 4 },
        }),
  )
  expect(await all(own.results('b'))).toEqual([
    [0, 'first'],
    [1, 'bad-response'],
    [2, 'bad-response'],
    [3, 'last'],
  ])
})

it.each([
  [
    'an error',
    { error: { message: 'No batch b', type: 'invalid_request_error' } },
    'invalid-request',
    'No batch b',
  ],
  ['an unknown state', { id: 'b', status: 'sleeping' }, 'bad-response', 'sleeping'],
  ['nothing', {}, 'bad-response', 'no state'],
])('a batch with %s is an error, and not running forever', async (_, answer, code, words) => {
  const { batches: own } = await batches(() => json(answer))
  expect(await failureOf(own.status('b'))).toMatchObject({ code, message: expect.stringContaining(words) })
})

it('reports a truncated file', async () => {
  const output = line(0, { response: { status_code: 200, body: completion('first') } })
  const { batches: own } = await batches(({ path }) =>
    path.startsWith('/files')
      ? { body: output, cutAt: 40 }
      : json({
          id: 'b',
          status: 'completed',
          output_file_id: 'out',
          request_counts: { total: 1, completed: 1 },
        }),
  )
  expect(await failureOf(all(own.results('b')))).toMatchObject({ code: 'bad-response', provider: 'openai' })
})

it('refuses more than OpenAI takes in one batch before anything is sent; other servers decide themselves', async () => {
  let sent = 0
  const fetch = async () => {
    sent++
    return new Response(JSON.stringify({ id: 'b' }), { headers: { 'content-type': 'application/json' } })
  }
  const own = openai('gpt-x', { apiKey: 'sk-secret', retry: false, fetch }).batches
  const many = Array.from({ length: 50_001 }, () => 'x')
  expect(await failureOf(own.submit(many))).toMatchObject({
    code: 'invalid-request',
    message:
      'A batch of OpenAI has at most 50,000 requests; this one has 50,001. Submit them in several batches.',
  })
  const long = 'ä'.repeat(30_000_000)
  expect(await failureOf(own.submit([long, long, long, long]))).toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining('at most 200,000,000 bytes'),
  })
  expect(sent).toBe(0)
  const { server, batches: other } = await batches(({ path }) =>
    json({ id: path === '/files' ? 'file-1' : 'b' }),
  )
  expect(await other.submit(many)).toBe('b')
  expect(server.requests).toHaveLength(2)
}, 60_000)

it('names a request that is not JSON, and sends nothing', async () => {
  const { server, batches: own } = await batches(() => json({ id: 'b' }))
  const odd = { messages: 'x', providerOptions: { openai: { a: 10n } } }
  expect(await failureOf(own.submit(['x', odd]))).toMatchObject({
    code: 'invalid-request',
    message: expect.stringMatching(/^requests\[1\] cannot be written as JSON: .*BigInt/),
  })
  expect(server.requests).toHaveLength(0)
})

it('no error of a batch repeats the token for an MCP server', async () => {
  const secret = 'wiki-Token_of-mine'
  const wiki = openai.tools.mcp({ name: 'wiki', url: 'https://wiki.example/mcp', authorizationToken: secret })
  for (const refused of ['/files', '/batches']) {
    const server = await serve(({ path }) =>
      path === refused
        ? json({ error: { message: `The token ${secret} is not valid` } }, 400)
        : json({ id: 'file-1' }),
    )
    const options = { apiKey: 'k', baseURL: server.url, preset: 'openai', api: 'responses' } as const
    const { batches: own } = openai('gpt-5.6-sol', { ...options, retry: false })
    const failure = await failureOf(own.submit(['x', { messages: 'x', tools: [wiki] }]))
    expect(failure.message).toContain('is not valid')
    expect(failure.message).not.toContain(secret)
  }
})

it.each(['..', '.', '', 7])('an id that is none is refused before anything is sent: %s', async (id) => {
  const { server, batches: own } = await batches(() => json({}))
  const refused = { code: 'invalid-request', provider: 'openai' }
  expect(await failureOf(own.status(id as string))).toMatchObject(refused)
  expect(await failureOf(own.cancel(id as string))).toMatchObject(refused)
  expect(await failureOf(all(own.results(id as string)))).toMatchObject(refused)
  expect(server.requests).toEqual([])
})
