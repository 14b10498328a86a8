// Fuzz targets for the gateway's routes: damaged bodies give an answer or a refusal in the protocol's own shape, in time.
import { loadConfig } from '@patchbay/config'
import { type Gateway, gateway } from '@patchbay/gateway'
import { plain } from '../../apps/gateway/test/plain.js'

const tool = {
  name: 't',
  description: 'x',
  parameters: { type: 'object', properties: { a: { type: 'string' } } },
}
const image = 'data:image/png;base64,iVBORw0KGgo='

/** Sound bodies, by the route that takes them. */
const bodies: [path: string, body: object][] = [
  [
    '/v1/chat/completions',
    {
      model: 'default',
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'x' },
            { type: 'image_url', image_url: { url: image } },
          ],
        },
        { role: 'assistant', tool_calls: [{ id: 'a', function: { name: 't', arguments: '{"a":"b"}' } }] },
        { role: 'tool', tool_call_id: 'a', content: 'x' },
      ],
      tools: [{ type: 'function', function: tool }],
      metadata: { a: 'x' },
      user: 'x',
      max_tokens: 5,
      stop: ['x'],
      stream: true,
    },
  ],
  [
    '/v1/responses',
    {
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'x' },
            { type: 'input_image', image_url: image },
          ],
        },
        { type: 'function_call', call_id: 'a', name: 't', arguments: '{}' },
        { type: 'function_call_output', call_id: 'a', output: 'x' },
      ],
      tools: [{ type: 'function', ...tool }],
      text: { format: { type: 'json_schema', name: 'x', schema: tool.parameters } },
      metadata: { a: 'x' },
    },
  ],
  [
    '/v1/messages',
    {
      max_tokens: 5,
      system: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }],
      messages: [
        { role: 'user', content: 'x' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 't', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'x' }] },
      ],
      tools: [{ name: 't', input_schema: tool.parameters }],
      metadata: { user_id: 'x' },
    },
  ],
  ['/v1/embeddings', { input: ['x', 'y'], dimensions: 2, encoding_format: 'base64', user: 'x' }],
  [
    '/api/chat',
    {
      messages: [{ role: 'user', content: 'x', images: ['iVBORw0KGgo='] }],
      tools: [{ type: 'function', function: tool }],
      options: { temperature: 1, num_predict: 5, stop: ['x'] },
      format: tool.parameters,
      think: true,
    },
  ],
  ['/api/generate', { prompt: 'x', system: 'x', options: { seed: 1 }, stream: false }],
  ['/api/embed', { input: 'x', truncate: true }],
  ['/api/show', { model: 'default' }],
]

/** A path, a line end, and the body: so that both can be damaged. */
export const requests = bodies.map(([path, body]) => `${path}\n${JSON.stringify(body)}`)

let own: Promise<Gateway> | undefined
const started = async () =>
  gateway({
    loaded: await loadConfig({ config: {}, user: false }),
    otherwise: () => plain,
    onRequest: () => {},
  })

// A body of some hundred kilobytes at most; a quadratic regular expression takes seconds for it.
const mostMs = 2000

/** @throws where a law is broken */
export async function checkGateway(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  own ??= started()
  const end = bytes.indexOf(10)
  const named = new TextDecoder().decode(bytes.subarray(0, end < 0 ? 0 : end))
  const path = bodies.find(([path]) => path === named)?.[0] ?? '/v1/chat/completions'
  const began = process.cpuUsage()
  const request = new Request(`http://127.0.0.1${path}`, { method: 'POST', body: bytes.subarray(end + 1) })
  const response = await (await own).fetch(request)
  const text = await response.text()
  const { user, system } = process.cpuUsage(began)
  const what = `${path}: ${response.status} ${text.slice(0, 300)}`
  if ((user + system) / 1000 > mostMs) throw new Error(`it took ${(user + system) / 1000} ms: ${what}`)
  if (text.includes('does not know:') || text.includes('failed with an unknown error'))
    throw new Error(`unexpected failure: ${what}`)
  if (response.status >= 500 && !text.includes('schema')) throw new Error(`a failure of ours: ${what}`)
  if (text.length > 10_000) throw new Error(`an answer of the size of a body: ${what}`)
  if (response.status < 400) return
  const { error } = JSON.parse(text) as { error?: { message?: unknown } | string }
  if (typeof (typeof error === 'string' ? error : error?.message) !== 'string')
    throw new Error(`no error of this protocol: ${what}`)
}
