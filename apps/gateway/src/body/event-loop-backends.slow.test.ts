// The event loop stays free: no request of at most 20 MiB blocks others on its way to a real backend and through `mask`.
import { claude } from '@patchbay/claude'
import type { Provider } from '@patchbay/core'
import { ollama } from '@patchbay/ollama'
import { openai } from '@patchbay/openai'
import { mask } from '@patchbay/policies'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answeringServices } from '../../test/answering-services.js'
import { hostile } from '../../test/hostile.js'
import { mostMs, posted, postedCalmly } from '../../test/loop.js'
import { over } from '../../test/served.js'
import type { GatewayServer } from '../index.js'

const services = await answeringServices()
const baseURL = services.url
afterAll(services.stop)

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
