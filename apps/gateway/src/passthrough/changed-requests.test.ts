// Policies of the app before a service of the client's own protocol: what they change in a request is what the service gets.
import { claude } from '@patchbay/claude'
import { loadConfig } from '@patchbay/config'
import type { CallOptions, ChatInput, ChatRequest, Provider } from '@patchbay/core'
import { requestWithDefaults } from '@patchbay/core/wrap'
import {
  DelegatingProvider,
  type Interception,
  limit,
  Middleware,
  mask,
  type PolicyCall,
} from '@patchbay/policies'
import { faultServer } from '@patchbay/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { oddAnswer } from '../../test/odd-service.js'
import { serve } from '../index.js'

type Json = Record<string, unknown>

/** What the service got, and what the client of the gateway got, with this provider in the gateway. */
async function asked(
  policy: (inner: Provider) => Provider,
  more: Json = {},
  defaults: Partial<ChatRequest> = {},
): Promise<{ sent: Json | undefined; status: number; answer: Json }> {
  const service = await faultServer(({ path, json }) => oddAnswer(path, Object(json)))
  const provider = () =>
    policy(claude('claude-opus-4-6', { baseURL: service.url, apiKey: 'sk-own', retry: false, defaults }))
  const loaded = await loadConfig({ config: {}, user: false })
  const gateway = await serve({ loaded, otherwise: provider, port: 0 })
  onTestFinished(async () => {
    await gateway.close()
    await service.close()
  })
  const response = await fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ model: 'any', max_tokens: 50, temperature: 0.7 },
      messages: [{ role: 'user', content: 'the client asks' }],
      ...more,
    }),
  })
  const answer = Object(await response.json())
  const [request] = service.requests
  return { sent: request && Object(request.json), status: response.status, answer }
}

class Changed extends Middleware {
  constructor(
    inner: Provider,
    private readonly change: (request: ChatRequest) => ChatRequest,
  ) {
    super(inner)
  }
  protected intercept(call: PolicyCall): Interception {
    return call.kind === 'chat' ? { request: this.change(call.request as ChatRequest) } : {}
  }
}

class Greedy extends DelegatingProvider {
  override stream(request: ChatInput, options?: CallOptions) {
    return this.inner.stream({ ...requestWithDefaults(request, this), temperature: 0 }, options)
  }
}

const tool = { name: 'look', description: 'Looks.', input: { type: 'object' as const } }
const changes: Record<string, [change: (request: ChatRequest) => ChatRequest, sent: Json]> = {
  messages: [
    (request) => ({ ...request, messages: 'the policy asks' }),
    { messages: [{ role: 'user', content: [{ type: 'text', text: 'the policy asks' }] }] },
  ],
  'the system message': [(request) => ({ ...request, system: 'Rules.' }), { system: [{ text: 'Rules.' }] }],
  tools: [(request) => ({ ...request, tools: [tool] }), { tools: [{ name: 'look' }] }],
  'an option that the client has set': [(request) => ({ ...request, temperature: 0 }), { temperature: 0 }],
  'an option that the client has not set': [
    (request) => ({ ...request, stop: ['END'] }),
    { stop_sequences: ['END'], temperature: 0.7 },
  ],
  'an option by leaving it out': [
    ({ temperature: _, ...request }) => request,
    { temperature: undefined as unknown },
  ],
  'provider options': [
    ({ providerOptions, ...request }) => ({
      ...request,
      providerOptions: { claude: { ...providerOptions?.claude, dreams: 'no' } },
    }),
    { dreams: 'no' },
  ],
  'messages in a deep copy': [
    (request) => ({ ...structuredClone(request), messages: 'the policy asks' }),
    { messages: [{ role: 'user', content: [{ type: 'text', text: 'the policy asks' }] }] },
  ],
}

describe('what a policy of the app changes is sent to a service of the same protocol', () => {
  it.each(Object.entries(changes))('%s', async (_, [change, expected]) => {
    const { sent, status } = await asked((inner) => new Changed(inner, change))
    expect(status).toBe(200)
    for (const [name, value] of Object.entries(expected))
      if (value === undefined) expect(sent).not.toHaveProperty(name)
      else expect(sent).toMatchObject({ [name]: value })
  })

  it.each([
    ['outside a mask', (inner: Provider) => new Greedy(mask(inner))],
    ['inside a mask', (inner: Provider) => mask(new Greedy(inner))],
    ['alone', (inner: Provider) => new Greedy(inner)],
  ])('the temperature of a delegating provider %s', async (_, policy) => {
    const { sent, status } = await asked(policy)
    expect(status).toBe(200)
    expect(sent).toMatchObject({ temperature: 0 })
  })

  it.each([
    ['a field', { smell: 'roses' }],
    ['a block', { messages: [{ role: 'user', content: [{ type: 'smell', of: 'roses' }] }] }],
  ])('%s that only the protocol of the service can say is refused, not left out', async (_, smell) => {
    const { sent, status, answer } = await asked((inner) => new Greedy(inner), smell)
    expect(sent).toBeUndefined()
    expect(status).toBe(400)
    expect(answer).toMatchObject({ type: 'error', error: { message: expect.stringContaining('smell') } })
  })
})

describe('what no policy changes goes through', () => {
  it.each([
    ['without policies', (inner: Provider) => inner],
    ['limited', (inner: Provider) => limit(inner, { requestsPerMinute: 100 })],
  ])('%s, with the defaults of the provider', async (_, policy) => {
    const { sent, answer } = await asked(policy, { dreams: true }, { stop: ['END'], temperature: 0.1 })
    expect(sent).toMatchObject({ dreams: true, temperature: 0.7, stop_sequences: ['END'] })
    expect(answer).toMatchObject({ id: 'msg_upstream', mood: 'good' })
  })

  it('a default system message is sent, which only a translated request can take', async () => {
    const { sent } = await asked((inner) => inner, {}, { system: 'House rules.' })
    expect(sent).toMatchObject({ system: [{ text: 'House rules.' }] })
  })
})
