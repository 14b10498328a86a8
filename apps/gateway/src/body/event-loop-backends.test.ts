// The event loop stays free: no request of at most 20 MiB blocks others on its way to a real backend and through `mask`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { claude } from '@patchbay/claude'
import type { Provider } from '@patchbay/core'
import { ollama } from '@patchbay/ollama'
import { openai } from '@patchbay/openai'
import { mask } from '@patchbay/policies'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hostile } from '../../test/hostile.js'
import { mostMs, posted, postedCalmly } from '../../test/loop.js'
import { over } from '../../test/served.js'
import type { GatewayServer } from '../index.js'

// In a process of its own: what it reads must not count as the gateway's.
const services = `
  const answers = {
    '/v1/messages': { id: 'm', type: 'message', role: 'assistant', model: 'm', content: [{ type: 'text', text: 'ok' }], stop_reason: 'end_turn', usage: { input_tokens: 1, output_tokens: 1 } },
    '/v1/messages/count_tokens': { input_tokens: 1 },
    '/api/show': { capabilities: ['completion', 'tools', 'vision'], model_info: {} },
    '/api/chat': { model: 'm', message: { role: 'assistant', content: 'ok' }, done: true, done_reason: 'stop' },
    '/v1/chat/completions': { id: 'c', object: 'chat.completion', model: 'm', choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'ok' } }], usage: { prompt_tokens: 1, completion_tokens: 1 } },
  }
  require('http').createServer((request, response) => {
    request.resume()
    request.on('end', () => response.end(JSON.stringify(answers[request.url]) + '\\n'))
    response.setHeader('content-type', request.url === '/api/chat' ? 'application/x-ndjson' : 'application/json')
  }).listen(0, '127.0.0.1', function () { console.log(this.address().port) })`

const child = spawn(process.execPath, ['-e', services])
const [port] = await once(child.stdout, 'data')
const baseURL = `http://127.0.0.1:${Number(port)}`
afterAll(() => void child.kill())

const chat = () => openai('gpt-5.6-sol', { api: 'chat', apiKey: 'none', baseURL: `${baseURL}/v1` })
const providers: Record<string, () => Provider> = {
  'Chat Completions': chat,
  Claude: () => claude('claude-opus-5', { apiKey: 'none', baseURL }),
  Ollama: () => ollama('m', { baseURL }),
  'mask over Chat Completions': () => mask(chat(), { media: 'allow' }),
}
const names = [
  'one string',
  'one string of Chinese',
  'one string of quotes',
  'a data URL',
  'sound that is a data URL',
  'many messages that are allowed',
  'many large messages',
  'many calls',
  'a document',
  'a document of text',
  'a large schema',
  'many tools that are allowed',
  'many images',
  'messages with images',
  'arguments in many calls',
  'many results',
  'results without ids',
  'items of all kinds',
  'a description',
  'an id',
  'tokens to count',
]

describe.each(Object.entries(providers))('%s', (_, provider) => {
  let gateway: GatewayServer
  beforeAll(async () => {
    gateway = await over(provider)
    const body = { messages: [{ role: 'user', content: 'x'.repeat(400_000) }] }
    // All that is loaded when it is needed is there.
    const { told } = await posted(`${gateway.url}/v1/chat/completions`, JSON.stringify(body))
    expect(told).toMatch(/^200 /)
  })
  afterAll(() => gateway.close())

  it.each(names)('%s', async (name) => {
    const [path, body] = hostile[name] ?? []
    const { told, longest, turns } = await postedCalmly(`${gateway.url}${path}`, body?.() ?? '')
    expect(told).toMatch(/^(200|400) \d+$/)
    expect(turns).toBeGreaterThan(0)
    expect(longest).toBeLessThan(mostMs)
  })
})
