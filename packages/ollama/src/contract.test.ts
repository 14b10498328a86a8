// Contract suite of the Ollama backend: against a stand-in, and against a real server where OLLAMA_HOST and OLLAMA_MODEL are
// set.
import { describeProvider } from '@patchbay/testing'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { simulateOllama } from '../test/server.js'
import { ollama } from './index.js'

const tools = {
  messages: 'What is the weather in Lima?',
  tools: [
    {
      name: 'get_weather',
      description: 'Get the weather.',
      input: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  ],
}

describe('with a stand-in for a server', () => {
  let server: Awaited<ReturnType<typeof simulateOllama>>
  beforeAll(async () => {
    server = await simulateOllama()
  })
  afterAll(() => server.close())
  describeProvider('ollama', () => ollama('tiny', { baseURL: server.url }), {
    toolRequest: tools,
    sent: () => server.requests.filter(({ path }) => path !== '/api/show').map(({ body }) => body),
  })
})

describe('with a model that can only write text', () => {
  let server: Awaited<ReturnType<typeof simulateOllama>>
  beforeAll(async () => {
    server = await simulateOllama(['completion'])
  })
  afterAll(() => server.close())
  describeProvider('ollama', () => ollama('tiny', { baseURL: server.url }), {
    toolRequest: tools,
    sent: () => server.requests.filter(({ path }) => path !== '/api/show').map(({ body }) => body),
  })
})

const { OLLAMA_HOST, OLLAMA_MODEL } = process.env
if (OLLAMA_HOST && OLLAMA_MODEL)
  describeProvider(
    `ollama, live (${OLLAMA_MODEL})`,
    () => ollama(OLLAMA_MODEL, { defaults: { temperature: 0, seed: 1 } }),
    { toolRequest: tools, timeout: 120_000 },
  )
else it.skip('live: set OLLAMA_HOST and OLLAMA_MODEL to run the contract against a real server', () => {})
