// Recorded requests of real clients, replayed: each client against each upstream.
import { claude } from '@patchbay/claude'
import { defineProvider, type PreparedChat, type Provider } from '@patchbay/core'
import { ollama } from '@patchbay/ollama'
import { openai } from '@patchbay/openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { plain } from '../../test/plain.js'
import { goesOn, recordings, send } from '../../test/recordings.js'
import { over } from '../../test/served.js'
import type { GatewayServer } from '../index.js'

/** Calls the first tool that it is offered, then says what came of it. */
const seen: PreparedChat[] = []
const agent = () =>
  defineProvider({
    provider: 'agent',
    model: 'agent-1',
    capabilities: () => plain.capabilities(),
    async *chat(request) {
      seen.push(request)
      const { tools, messages } = request
      const hasResult = messages.some(({ role }) => role === 'tool')
      const [tool] = hasResult ? [] : tools
      if (tool === undefined) yield { type: 'text', text: hasResult ? 'It printed marker.' : 'Paris.' }
      else yield { type: 'tool-call', id: 'call_1', name: tool.name, input: { command: 'echo marker' } }
      yield { type: 'finish', response: { finishReason: tool === undefined ? 'stop' : 'tool-calls' } }
    },
  })

let inner: GatewayServer
beforeAll(async () => {
  inner = await over(agent)
})
afterAll(() => inner.close())

const options = { apiKey: 'none', retry: false } as const
const upstreams: [name: string, make: () => Provider][] = [
  ['itself', agent],
  ['Chat Completions', () => openai('agent-1', { ...options, api: 'chat', baseURL: `${inner.url}/v1` })],
  ['Responses', () => openai('agent-1', { ...options, api: 'responses', baseURL: `${inner.url}/v1` })],
  ['Claude', () => claude('agent-1', { ...options, baseURL: inner.url })],
  ['Ollama', () => ollama('agent-1', { retry: false, baseURL: inner.url })],
]

/** How a stream ends in each protocol. */
const ends: [path: RegExp, end: RegExp][] = [
  [/completions/, /data: \[DONE\]\s*$/],
  [/responses/, /"type":"response\.completed"/],
  [/messages/, /"type":"message_stop"/],
  [/api\//, /"done":true/],
]

describe.each(upstreams)('over %s', (upstream, make) => {
  let gateway: GatewayServer
  beforeAll(async () => {
    gateway = await over(make)
  })
  afterAll(() => gateway.close())

  it.each(
    recordings.map((one) => [`${one.client} ${one.version}`, one] as const),
  )('%s works', async (_, recording) => {
    const { path, requests } = recording
    const ignored = new Set<string>()
    let before: unknown
    let text = ''
    for (const request of requests) {
      const isLater = 'previous_response_id' in request
      const response = await send(gateway.url, recording, {
        ...request,
        ...(isLater && { previous_response_id: before }),
      })
      text = await response.text()
      expect([response.status, text]).toEqual([goesOn(request) ? 404 : 200, expect.any(String)])
      before = /"id":"(resp_\w+)"/.exec(text)?.[1]
      for (const name of response.headers.get('x-patchbay-ignored')?.split(', ') ?? []) ignored.add(name)
      const end = ends.find(([pattern]) => pattern.test(path))?.[1]
      if (request.stream === true) expect(text).toMatch(end as RegExp)
    }
    const last = seen.at(-1)
    if (last?.messages.some(({ role }) => role === 'tool')) {
      expect(JSON.stringify(last.messages)).toContain('marker')
      expect(text.replaceAll(/[^a-z.]/g, '')).toContain('marker.')
    } else expect(text).toContain('Paris')
    if (upstream === 'itself') expect([...ignored]).toMatchSnapshot()
  })
})
