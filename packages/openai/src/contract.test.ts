// The contract suite for both APIs, against a simulated server; and against a real one, if OPENAI_MODEL and OPENAI_BASE_URL or
// OPENAI_API_KEY are set, with the API of OPENAI_API and the preset of OPENAI_PRESET.
import { describeProvider } from '@patchbay/testing'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { simulateOpenAI } from '../test/server.js'
import { type OpenAIOptions, openai, type PresetName } from './index.js'

describe('with a simulated server', () => {
  let server: Awaited<ReturnType<typeof simulateOpenAI>>
  beforeAll(async () => {
    server = await simulateOpenAI()
  })
  afterAll(() => server.close())
  const sent = () => server.requests.map(({ body }) => body)
  describeProvider('chat completions', () => openai('gpt-x', { apiKey: 'sk-test', baseURL: server.url }), {
    sent,
  })
  describeProvider(
    'responses',
    () => openai('gpt-x', { apiKey: 'sk-test', baseURL: server.url, api: 'responses' }),
    { sent },
  )
  describeProvider(
    'azure',
    () => openai('gpt-x', { host: 'azure', baseURL: `${server.url}/`, tokenProvider: async () => 'a-token' }),
    { sent },
  )
  const apiVersion = '2025-04-01-preview'
  describeProvider(
    "azure's classic addresses",
    () => openai('gpt-x', { host: 'azure', baseURL: `${server.url}/`, apiVersion, apiKey: 'k' }),
    { sent },
  )
})

const { OPENAI_API, OPENAI_PRESET, OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_MODEL } = process.env
const weather = {
  name: 'get_weather',
  description: 'Get the weather.',
  input: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}
const api = OPENAI_API as OpenAIOptions['api']
const preset = OPENAI_PRESET as PresetName | undefined
if ((OPENAI_API_KEY || OPENAI_BASE_URL) && OPENAI_MODEL)
  describeProvider(`openai, live (${OPENAI_MODEL})`, () => openai(OPENAI_MODEL, { api, preset }), {
    deterministic: false,
    timeout: 120_000,
    // Ollama ignores tool_choice, so it is refused.
    ...(preset === 'ollama' && {
      toolRequest: { messages: 'What is the weather in Lima?', tools: [weather] },
    }),
  })
else
  it.skip('live: set OPENAI_MODEL and OPENAI_API_KEY or OPENAI_BASE_URL to run the contract against a real server', () => {})
