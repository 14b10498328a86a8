// Malformed bodies: odd objects anywhere are accepted or refused in the protocol's own shape, never an unexpected failure.

import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest'
import { plain } from '../../test/plain.js'
import { over } from '../../test/served.js'
import type { GatewayServer } from '../index.js'

const text = { type: 'object', properties: { a: { type: 'string' } } }
/** One body a route, with a value in every field it knows. */
const bodies: Record<string, object> = {
  '/v1/chat/completions': {
    model: 'default',
    messages: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'x' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
          { type: 'input_audio', input_audio: { data: 'AQID', format: 'wav' } },
          { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a.pdf' } },
        ],
      },
      {
        role: 'assistant',
        content: 'x',
        reasoning_content: 'x',
        refusal: 'x',
        tool_calls: [{ id: 'a', type: 'function', function: { name: 't', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'a', content: 'x' },
    ],
    tools: [{ type: 'function', function: { name: 't', description: 'x', parameters: text } }],
    tool_choice: { type: 'function', function: { name: 't' } },
    parallel_tool_calls: true,
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema: text, strict: true } },
    stream_options: { include_usage: true },
    max_tokens: 5,
    temperature: 1,
    top_p: 1,
    seed: 1,
    stop: ['x'],
    frequency_penalty: 1,
    presence_penalty: 1,
    reasoning_effort: 'low',
    metadata: { a: 'x' },
    user: 'x',
    n: 1,
    logprobs: false,
    modalities: ['text'],
  },
  '/v1/responses': {
    model: 'default',
    instructions: 'x',
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'x' },
          { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=' },
          { type: 'input_file', file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a' },
        ],
      },
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'x' }], encrypted_content: 'x' },
      { type: 'function_call', call_id: 'a', name: 't', arguments: '{}' },
      { type: 'function_call_output', call_id: 'a', output: 'x' },
      { role: 'assistant', content: [{ type: 'output_text', text: 'x' }] },
      { role: 'user', content: 'x' },
    ],
    tools: [{ type: 'function', name: 't', description: 'x', parameters: text }],
    tool_choice: { type: 'function', name: 't' },
    text: { format: { type: 'json_schema', name: 'x', schema: text, strict: true } },
    reasoning: { effort: 'low', summary: 'auto' },
    metadata: { a: 'x' },
    user: 'x',
    store: true,
    include: ['x'],
    previous_response_id: null,
    max_output_tokens: 5,
  },
  '/v1/messages': {
    model: 'default',
    max_tokens: 5,
    system: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl: '5m' } }],
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'x', cache_control: { type: 'ephemeral' } },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
          { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'x' }, title: 'x' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'x', signature: '' },
          { type: 'redacted_thinking', data: 'patchbay:W10=' },
          { type: 'tool_use', id: 'a', name: 't', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 'x' }], is_error: true },
        ],
      },
    ],
    tools: [{ type: 'custom', name: 't', description: 'x', input_schema: text }],
    tool_choice: { type: 'tool', name: 't', disable_parallel_tool_use: true },
    thinking: { type: 'enabled', budget_tokens: 5 },
    output_config: { effort: 'low', format: { type: 'json_schema', schema: text } },
    stop_sequences: ['x'],
    metadata: { user_id: 'x' },
  },
  '/v1/embeddings': {
    model: 'default',
    input: ['x'],
    dimensions: 2,
    encoding_format: 'float',
    user: 'x',
    metadata: { a: 'x' },
  },
  '/v1/images/generations': {
    model: 'default',
    prompt: 'x',
    n: 1,
    size: '1x1',
    quality: 'low',
    seed: 1,
    user: 'x',
  },
  '/v1/audio/speech': {
    model: 'default',
    input: 'x',
    voice: 'x',
    response_format: 'mp3',
    speed: 1,
    instructions: 'x',
  },
  '/api/chat': {
    model: 'default',
    messages: [
      { role: 'user', content: 'x', images: ['iVBORw0KGgo='] },
      {
        role: 'assistant',
        content: 'x',
        thinking: 'x',
        tool_calls: [{ id: 'a', function: { name: 't', arguments: {} } }],
      },
      { role: 'tool', content: 'x', tool_call_id: 'a' },
    ],
    tools: [{ type: 'function', function: { name: 't', description: 'x', parameters: text } }],
    format: text,
    options: { temperature: 1, num_predict: 5, stop: ['x'], num_ctx: 5 },
    think: true,
    stream: false,
    keep_alive: '5m',
  },
  '/api/generate': {
    model: 'default',
    prompt: 'x',
    system: 'x',
    images: ['iVBORw0KGgo='],
    options: { seed: 1 },
    format: 'json',
    stream: false,
  },
  '/api/embed': { model: 'default', input: ['x'], dimensions: 2, truncate: true },
  '/api/show': { model: 'default', name: 'default' },
}
bodies['/v1/messages/count_tokens'] = bodies['/v1/messages'] as object
bodies['/v1/responses/input_tokens'] = bodies['/v1/responses'] as object

/** Text of JSON, since not all of it can be a value of ours. */
const odd = [
  '{"toString":1,"valueOf":1}',
  '{"toString":{},"toJSON":1,"then":1,"length":-1}',
  '{"__proto__":{"a":1},"constructor":{"prototype":{"x":1}}}',
  '{"__proto__":null,"hasOwnProperty":1}',
  '{"a":1,"a":{"b":2},"a":[3]}',
  '{"~standard":{"version":1,"vendor":"x","jsonSchema":{}}}',
  '{"type":"tool_use","type":"text","text":{"toString":1}}',
  `${'['.repeat(150)}${']'.repeat(150)}`,
  `${'{"a":'.repeat(150)}1${'}'.repeat(150)}`,
  '1e999',
  '-1e999',
  '-0',
  '9007199254740993',
  '1e-400',
  '"\\ud800"',
  '"\\udc00\\ud800x"',
  '"\\u0000"',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '""',
  '"data:;base64,"',
  '"data:image/png;base64,A"',
  '"patchbay:"',
  '"patchbay:bnVsbA=="',
  '[]',
  '[null]',
  '[[[]]]',
  '{}',
  'null',
  'true',
  '0',
]

let gateway: GatewayServer
beforeAll(async () => {
  gateway = await over(() => plain)
})
afterAll(() => gateway.close())

const post = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  fetch(`${gateway.url}${path}`, { method: 'POST', body, headers })

/** Is it an error as the clients of this path know them? */
function isTyped(path: string, body: unknown): boolean {
  const { error, type } = body as { error: unknown; type?: unknown }
  if (path.startsWith('/api/')) return typeof error === 'string'
  const { message, type: kind } = error as { message?: unknown; type?: unknown }
  return (
    typeof message === 'string' &&
    typeof kind === 'string' &&
    (!path.startsWith('/v1/messages') || type === 'error')
  )
}

it.each(
  Object.entries(bodies).flatMap(([path, body]) =>
    Object.keys(body).map((field) => [path, field] as [string, string]),
  ),
)('every odd value in every place of %s: %s', async (path, field) => {
  const told = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => told.mockRestore())
  const mark = '\uE000'
  const statuses = new Set<number>()
  const sound = await post(path, JSON.stringify(bodies[path]))
  expect([sound.status, await sound.text()]).toEqual([200, expect.anything()])
  for (const place of placesOf(bodies[path]).filter(([top]) => top === field)) {
    const marked = JSON.stringify(changed(bodies[path], place, mark))
    await Promise.all(
      odd.map(async (value) => {
        const response = await post(
          path,
          marked.replace(`"${mark}"`, () => value),
        )
        statuses.add(response.status)
        const answer = await response.text()
        const what = `${path} ${place.join('.')} = ${value.slice(0, 60)}: ${response.status} ${answer.slice(0, 300)}`
        // An answer that does not fit an odd schema is no bug.
        const expected = [200, 400, 404].includes(response.status) || answer.includes('schema')
        if (!expected || answer.includes('does not know:')) throw new Error(what)
        if (response.status !== 200 && !isTyped(path, JSON.parse(answer))) throw new Error(what)
      }),
    )
  }
  expect(statuses.size).toBeGreaterThan(0)
  if (field === (path === '/api/show' ? 'name' : 'model')) expect(statuses).toContain(400)
  expect(told).not.toHaveBeenCalled()
  expect(({} as { x?: unknown }).x).toBeUndefined()
})

it.each([
  ['an encoding it knows', new Uint8Array(gzipSync('{"input":"x"}')), { 'content-encoding': 'gzip' }, 200],
  [
    'an encoding it does not know',
    new Uint8Array(gzipSync('{"input":"x"}')),
    { 'content-encoding': 'compress' },
    415,
  ],
  [
    'a charset it does not know',
    new Uint8Array(Buffer.from('{"input":"x"}', 'utf16le')),
    { 'content-type': 'application/json; charset=utf-16' },
    415,
  ],
  ['a charset it knows', '{"input":"x"}', { 'content-type': 'application/json; charset=UTF-8' }, 200],
  ['an encoding that is none', '{"input":"x"}', { 'content-encoding': 'identity' }, 200],
  ['a byte order mark', new Uint8Array(Buffer.from('\uFEFF{"input":"x"}')), {}, 200],
  ['bytes that are no text', new Uint8Array(Buffer.from([0xff, 0xfe, 0x7b])), {}, 400],
  ['nothing', '', {}, 400],
] as [
  string,
  string | Uint8Array<ArrayBuffer>,
  Record<string, string>,
  number,
][])('a body with %s', async (_, body, headers, status) => {
  for (const path of ['/v1/embeddings', '/api/embed']) {
    const response = await post(path, body, headers)
    expect([path, response.status]).toEqual([path, status])
    if (status !== 200) expect(isTyped(path, await response.json())).toBe(true)
  }
})

it('odd headers and ways to ask are answered like any', async () => {
  const ask = async (path: string, method = 'GET', headers: Record<string, string> = {}) =>
    (await fetch(`${gateway.url}${path}`, { method, headers })).status
  expect(await ask('/v1/models', 'HEAD')).toBe(200)
  expect(await ask('/healthz', 'HEAD')).toBe(200)
  expect(await ask('/', 'HEAD')).toBe(200)
  expect(await ask('/v1/models/')).toBe(200)
  expect(await ask('/api/tags/')).toBe(200)
  expect(await ask('/v1/models', 'DELETE')).toBe(404)
  expect(await ask('/v1/models', 'OPTIONS', { origin: 'x' })).toBe(403)
  expect(
    await ask('/v1/models', 'GET', { authorization: 'Bearer '.repeat(500), 'x-api-key': '\u00ff' }),
  ).toBe(200)
  expect(
    await ask('/v1/models', 'GET', { traceparent: 'x', 'anthropic-version': '', accept: '\u00ff' }),
  ).toBe(200)
  expect(await ask('/v1/models/%ff')).toBe(404)
  expect(await ask('/v1/models/%')).toBe(404)
  expect(await ask('/v1/responses/%00')).toBe(404)
})

type Place = (string | number)[]

function placesOf(value: unknown, at: Place = []): Place[] {
  const own = at.length === 0 ? [] : [at]
  if (typeof value !== 'object' || value === null) return own
  return [...own, ...Object.entries(value).flatMap(([key, inner]) => placesOf(inner, [...at, key]))]
}

function changed(body: unknown, place: Place, value: unknown): unknown {
  const copy = structuredClone(body)
  let inner = copy as Record<string, unknown>
  for (const key of place.slice(0, -1)) inner = inner[key] as Record<string, unknown>
  inner[place.at(-1) as string] = value
  return copy
}
