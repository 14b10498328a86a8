// The contract suite through the gateway to a real llama-server (LLAMA_SERVER_URL and LLAMA_SERVER_MODEL) or Ollama (OLLAMA_HOST and
// OLLAMA_MODEL), by each of its protocols.
import { claude } from '@patchbay/claude'
import { loadConfig, type ProviderEntry } from '@patchbay/config'
import type { Provider } from '@patchbay/core'
import { ollama } from '@patchbay/ollama'
import { openai } from '@patchbay/openai'
import { describeProvider } from '@patchbay/testing'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { type GatewayServer, serve } from './index.js'

const { LLAMA_SERVER_URL: baseURL, LLAMA_SERVER_MODEL, OLLAMA_HOST, OLLAMA_MODEL } = process.env
const servers: Record<string, ProviderEntry> = {
  ...(baseURL &&
    LLAMA_SERVER_MODEL && {
      'llama-server': { use: 'openai', model: LLAMA_SERVER_MODEL, baseURL, preset: 'llama.cpp' },
    }),
  ...(OLLAMA_HOST && OLLAMA_MODEL && { ollama: { use: 'ollama', model: OLLAMA_MODEL } }),
}
const clients: Record<string, (model: string, url: string) => Provider> = {
  'Chat Completions': (model, url) => openai(model, { baseURL: `${url}/v1`, apiKey: 'none' }),
  Responses: (model, url) => openai(model, { baseURL: `${url}/v1`, apiKey: 'none', api: 'responses' }),
  Messages: (model, url) => claude(model, { baseURL: url, apiKey: 'none' }),
  'the protocol of Ollama': (model, url) => ollama(model, { baseURL: url }),
}

if (Object.keys(servers).length === 0)
  it.skip('live: set LLAMA_SERVER_URL and LLAMA_SERVER_MODEL, or OLLAMA_HOST and OLLAMA_MODEL', () => {})
else
  describe('through the gateway', () => {
    let gateway: GatewayServer
    beforeAll(async () => {
      gateway = await serve({
        loaded: await loadConfig({ config: { providers: servers, gateway: {} }, user: false }),
        port: 0,
      })
    })
    afterAll(() => gateway.close())
    for (const server of Object.keys(servers))
      for (const [protocol, open] of Object.entries(clients))
        describeProvider(`${server}, by ${protocol}`, () => open(server, gateway.url), {
          deterministic: false,
          // The gateway does not know what a model behind it sees and hears.
          refusedByService: ['vision', 'files', 'audio'],
          timeout: 120_000,
          toolRequest: {
            messages: 'What is the weather in Lima?',
            tools: [
              {
                name: 'get_weather',
                description: 'Get the weather.',
                input: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
              },
            ],
          },
        })
  })
