// Conversations that a service takes as anybody would write them by hand, and that our backend refuses.
import { type ChatRequest, isLlmError, type Message } from '@patchbay/core'
import fc from 'fast-check'
import { apiOf } from '../../../packages/testing/src/services/hosts.js'
import type {
  JsonObject,
  ReceivedRequest,
  ServiceName,
} from '../../../packages/testing/src/services/index.js'
import { refusalsOf } from '../../../packages/testing/src/services/strict-service.js'
import { conversation, linkedMedia } from './conversations.js'
import { fieldless } from './fieldless.js'
import { inMemory } from './in-memory.js'
import { naiveBody } from './naive.js'
import { targets } from './targets.js'

/** What a target refused although its service takes it, and how many conversations were compared. */
export interface OverRefusals {
  /** Our words, and the body that the service takes. */
  found: Record<string, string>
  /** Conversations that our backend sent. */
  sent: number
  /** Conversations that it refused, and so does the service. */
  agreed: number
}

/** Sends random conversations to a target, and those that it refuses by hand. */
export async function overRefusals(
  name: string,
  { seed, runs }: { seed: number; runs: number },
): Promise<OverRefusals> {
  const { service, make } = targets[name] as (typeof targets)[string]
  const { service: strict, fetch } = inMemory(service, ['{"a":"b"}'])
  // Nothing is downloaded: that an address is taken is seen from the request alone.
  const provider = make(strict, { fetch, media: false })
  const plain = { messages: [{ role: 'user', content: 'Hi.' }] } satisfies ChatRequest
  await provider.chat(plain)
  const form = strict.requests.at(-1) as ReceivedRequest
  const { protocol } = apiOf(service, form.path)
  const found = new Map<string, string>()
  let [sent, agreed] = [0, 0]
  const takes = (body: JsonObject) =>
    versions(service, form, body).some((given) => refusalsOf(service, given).next().done)
  const property = fc.asyncProperty(conversation, linkedMedia, async (given, linked) => {
    const messages = [...(given.messages as Message[]), ...linked]
    const request: ChatRequest = { ...given, messages, onUnsupported: 'error' }
    const before = strict.requests.length
    try {
      await provider.chat(request)
    } catch (error) {
      if (!isLlmError(error)) throw error
      if (chatsSince(strict.requests, before) === 0) {
        const body = naiveBody(protocol, service, provider.model, request)
        if (body !== undefined && !fieldless(service, protocol, Object.keys(body)) && takes(body)) {
          if (!found.has(error.message)) found.set(error.message, JSON.stringify(body).slice(0, 2000))
        } else agreed++
        return
      }
    }
    sent++
  })
  await fc.assert(property, { seed, numRuns: runs })
  return { found: Object.fromEntries(found), sent, agreed }
}

/** Requests for an answer: asking Ollama for a model's capabilities is none. */
const chatsSince = (requests: readonly ReceivedRequest[], first: number) =>
  requests.slice(first).filter(({ path }) => path !== '/api/show').length

/** A body with the path and headers of our requests; at Anthropic, and at the clouds that have Claude, with each version of the API. */
function versions(service: ServiceName, { path, headers }: ReceivedRequest, body: JsonObject) {
  const older = { bedrock: 'bedrock-2023-05-31', vertex: 'vertex-2023-10-16' }[service as string]
  if (older !== undefined) {
    const { model: _model, stream: _stream, ...others } = body
    const inVersion = (anthropic_version: string) => ({
      path,
      headers,
      body: { ...others, anthropic_version },
    })
    return ['2026-10-21', older].map(inVersion)
  }
  if (!('anthropic-version' in headers)) return [{ path, headers, body }]
  return ['2026-10-21', '2023-06-01'].map((version) => ({
    ...{ path, body },
    headers: { ...headers, 'anthropic-version': version },
  }))
}
