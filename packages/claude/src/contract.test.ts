// Contract suite of the Claude backend: against a stand-in, and against the service where ANTHROPIC_API_KEY and CLAUDE_MODEL
// are set.
import { describeProvider, type FaultServer } from '@patchbay/testing'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { identity, region, simulateBedrock } from '../test/bedrock.js'
import { simulateAnthropic } from '../test/server.js'
import { claude } from './index.js'

describe('with a stand-in for the service', () => {
  let server: FaultServer
  let amazon: FaultServer
  beforeAll(async () => {
    server = await simulateAnthropic()
    amazon = await simulateBedrock(server)
  })
  afterAll(async () => {
    await amazon.close()
    await server.close()
  })
  const sent = () => server.requests.map(({ body }) => body)
  describeProvider('claude', () => claude('claude-x', { apiKey: 'sk-test', baseURL: server.url }), { sent })
  const vertex = { host: 'vertex', project: 'p', headers: { authorization: 'Bearer a-token' } } as const
  describeProvider(
    'claude on Vertex AI',
    () => claude('claude-x', { ...vertex, baseURL: `${server.url}/v1` }),
    { sent },
  )
  const bedrock = { host: 'bedrock', region, credentials: async () => identity } as const
  describeProvider(
    'claude on Amazon Bedrock',
    () => claude('anthropic.claude-x', { ...bedrock, baseURL: amazon.url }),
    { sent: () => amazon.requests.map(({ body }) => body) },
  )
  describeProvider('an older claude', () =>
    claude('claude-3-haiku-20240307', { apiKey: 'sk-test', baseURL: server.url }),
  )
})

const { ANTHROPIC_API_KEY, CLAUDE_MODEL } = process.env
if (ANTHROPIC_API_KEY && CLAUDE_MODEL)
  describeProvider(`claude, live (${CLAUDE_MODEL})`, () => claude(CLAUDE_MODEL), {
    deterministic: false,
    timeout: 120_000,
  })
else it.skip('live: set ANTHROPIC_API_KEY and CLAUDE_MODEL to run the contract against the service', () => {})
