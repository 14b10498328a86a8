// Recorded traffic of the services, replayed through the gateway to a service of the same protocol: the service gets the request
// that the client sent, and the official SDK reads the same answer as directly from the service.
import { existsSync, readFileSync } from 'node:fs'
import Anthropic from '@anthropic-ai/sdk'
import { loadConfig } from '@patchbay/config'
import { faultServer, type ReceivedRequest, type ServedResponse } from '@patchbay/testing'
import { Ollama } from 'ollama'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayServer, serve } from '../index.js'

type Json = Record<string, unknown>

const folder = process.env.PATCHBAY_RECORDINGS ?? ''
interface Meta {
  api: string
  stream: boolean
  request: { path: string; body?: Json }
  response: { status: number; headers: Record<string, string>; bodyFile: string }
  expect: { terminated?: boolean; errorRaw?: unknown; messageStarts?: number }
}
const index: { name: string; api: string }[] = existsSync(`${folder}/index.json`)
  ? JSON.parse(readFileSync(`${folder}/index.json`, 'utf8'))
  : []
const recorded = index
  .filter(({ api }) => api !== 'openai-embeddings')
  .map(({ name }) => {
    const meta: Meta = JSON.parse(readFileSync(`${folder}/${name}/meta.json`, 'utf8'))
    return { name, meta, body: readFileSync(`${folder}/${name}/${meta.response.bodyFile}`) }
  })
  // Failures come in the gateway's own words; answers that a service began twice are for the backend to sort out.
  .filter(({ meta: { response, expect: expected } }) => response.status === 200 && !expected.errorRaw)
  .filter(({ meta }) => meta.expect.terminated !== false && (meta.expect.messageStarts ?? 1) === 1)
  // Prompts are no chats; addresses of images are looked up.
  .filter(
    ({ meta }) =>
      meta.request.path !== '/api/generate' && !/"url": ?"http/.test(JSON.stringify(meta.request)),
  )
if (recorded.length === 0)
  it.skip('recordings: set PATCHBAY_RECORDINGS to the folder that holds them', () => {})

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const value of values) list.push(value)
  return list
}

/** The official SDK of each protocol: what it makes of an answer. */
const clients: Record<string, (url: string, body: Json, stream: boolean) => Promise<unknown>> = {
  'anthropic-messages': async (url, body, stream) => {
    const client = new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0 })
    const request = body as unknown as Anthropic.Beta.Messages.MessageCreateParamsNonStreaming
    return stream
      ? all(await client.beta.messages.create({ ...request, stream: true }))
      : client.beta.messages.create({ ...request, stream: false })
  },
  'openai-chat': async (url, body, stream) => {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 })
    const request = body as unknown as OpenAI.ChatCompletionCreateParamsNonStreaming
    const stream_options = { include_usage: true }
    return stream
      ? all(await client.chat.completions.create({ stream_options, ...request, stream: true }))
      : client.chat.completions.create({ ...request, stream: false })
  },
  'openai-responses': async (url, body, stream) => {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 })
    const request = body as unknown as OpenAI.Responses.ResponseCreateParamsNonStreaming
    return stream
      ? all(await client.responses.create({ ...request, stream: true }))
      : client.responses.create({ ...request, stream: false })
  },
  ollama: async (url, body, stream) => {
    const client = new Ollama({ host: url })
    const request = body as unknown as Parameters<typeof client.chat>[0]
    return stream
      ? all(await client.chat({ ...request, stream: true }))
      : client.chat({ ...request, stream: false })
  },
}

const question = [{ role: 'user', content: 'Hello' }]
const bodies: Record<string, Json> = {
  'anthropic-messages': { max_tokens: 500, messages: question },
  'openai-chat': { messages: question },
  'openai-responses': { input: question, store: false },
  ollama: { messages: question },
}

/** What the client says: without the model's name, what is null, and what the gateway sets for itself. */
function given({ max_tokens, max_completion_tokens = max_tokens, ...body }: Json): Json {
  const own = new Set(['model', 'store', 'include', 'stream_options', 'truncate', 'shift', 'options'])
  const all = Object.entries({ ...body, max_completion_tokens })
  return Object.fromEntries(
    all.filter(([name, value]) => value !== null && value !== undefined && !own.has(name)),
  )
}

describe.skipIf(recorded.length === 0)('a recorded answer is the same through the gateway', () => {
  let answer: ServedResponse = {}
  let service: Awaited<ReturnType<typeof faultServer>>
  let gateway: GatewayServer
  const seen: ReceivedRequest[] = []
  beforeAll(async () => {
    service = await faultServer((request) => {
      seen.push(request)
      return answer
    })
    const openai = { use: 'openai' as const, model: 'm', baseURL: `${service.url}/v1`, apiKey: 'sk-own' }
    const providers = {
      'anthropic-messages': { use: 'claude' as const, model: 'm', baseURL: service.url, apiKey: 'sk-own' },
      'openai-chat': { ...openai, api: 'chat' as const },
      'openai-responses': { ...openai, api: 'responses' as const },
      ollama: { use: 'ollama' as const, model: 'm', baseURL: service.url },
    }
    const loaded = await loadConfig({ config: { providers }, user: false })
    gateway = await serve({ loaded, port: 0, strictModels: true })
  })
  afterAll(async () => {
    await gateway.close()
    await service.close()
  })

  it.each(recorded)('$name', async ({ meta, body }) => {
    const { api, stream, request, response } = meta
    const ask = clients[api] as (typeof clients)[string]
    const sent = { ...(request.body ?? bodies[api]), model: api }
    answer = { ...response, body, chunk: 1000 }
    const direct = await ask(service.url, sent, stream)
    seen.length = 0
    const through = await ask(gateway.url, sent, stream)
    expect(through).toEqual(direct)
    const asked = seen.at(-1)?.json as Json
    expect(asked.model).toBe('m')
    expect(given(asked)).toEqual(given({ ...sent, stream }))
    expect(JSON.stringify(seen.at(-1)?.headers)).not.toContain('none')
  })
})
