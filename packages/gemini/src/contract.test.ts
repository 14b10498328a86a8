// Contract suite of the Gemini backend: against a stand-in, and against the service where GEMINI_API_KEY and GEMINI_MODEL are
// set.
import { describeProvider } from '@patchbay/testing'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { simulateGemini } from '../test/server.js'
import { gemini } from './index.js'

describe('with a stand-in for the service', () => {
  let server: Awaited<ReturnType<typeof simulateGemini>>
  beforeAll(async () => {
    server = await simulateGemini()
  })
  afterAll(() => server.close())
  const sent = () => server.requests.map(({ body }) => body)
  const options = () => ({ apiKey: 'AIza-test', baseURL: server.url })
  describeProvider('gemini', () => gemini('gemini-3.6-flash', options()), { sent })
  describeProvider('an older gemini', () =>
    gemini('gemini-2.5-flash', { ...options(), rules: { endOfLife: '2026-01-01' } }),
  )
  describeProvider('gemini on Vertex AI, with a key', () =>
    gemini('gemini-3.6-flash', { ...options(), vertex: true }),
  )
})

const { GEMINI_API_KEY, GEMINI_MODEL } = process.env
if (GEMINI_API_KEY && GEMINI_MODEL)
  describeProvider(`gemini, live (${GEMINI_MODEL})`, () => gemini(GEMINI_MODEL), {
    deterministic: false,
    timeout: 120_000,
  })
else it.skip('live: set GEMINI_API_KEY and GEMINI_MODEL to run the contract against the service', () => {})
