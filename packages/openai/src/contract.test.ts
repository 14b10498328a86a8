// The OpenAI backend passes the contract with both APIs, against a server that plays them; and against a real one,
// where OPENAI_BASE_URL or OPENAI_API_KEY, and OPENAI_MODEL, name it.
import { describeProvider } from '@patchbay/testing'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { playOpenAI } from '../test/server.js'
import { openai } from './index.js'

describe('with a server that plays the protocol', () => {
  let server: Awaited<ReturnType<typeof playOpenAI>>
  beforeAll(async () => {
    server = await playOpenAI()
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
})

const { OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_MODEL } = process.env
if ((OPENAI_API_KEY || OPENAI_BASE_URL) && OPENAI_MODEL)
  describeProvider(`openai, live (${OPENAI_MODEL})`, () => openai(OPENAI_MODEL), {
    deterministic: false,
    timeout: 120_000,
  })
else
  it.skip('live: set OPENAI_MODEL and OPENAI_API_KEY or OPENAI_BASE_URL to run the contract against a real server', () => {})
