// Stand-ins for the services that code blocks of the guide call: one gateway speaks all their protocols, over the bundled model
// where it can answer, and over a script where it cannot (thinking, images, documents).
import { loadConfig } from '@patchbay/config'
import { type Backend, defineProvider } from '@patchbay/core'
import { serve } from '@patchbay/gateway'
import { local } from '@patchbay/local'
import { type Interception, Middleware, type PolicyCall, route } from '@patchbay/policies'
import { strictService } from '@patchbay/testing/services'
import { hasRedis, startRedis } from '../../packages/policies/test/redis.js'

const scripted: Backend = {
  provider: 'scripted',
  model: 'able-1',
  capabilities: () => ({
    tools: true,
    vision: true,
    files: true,
    audio: true,
    json: true,
    reasoning: true,
    embed: false,
    contextWindow: 4000,
  }),
  async *chat({ messages, reasoning }) {
    const last = messages.at(-1)?.content.flatMap((part) => (part.type === 'text' ? part.text : [])) ?? []
    if (reasoning !== undefined) yield { type: 'reasoning', text: 'Short waves scatter most.' }
    const text = last.join(' ').includes('sky') ? 'Because blue light is scattered most.' : 'It says hello.'
    yield { type: 'text', text }
    yield { type: 'finish', response: { finishReason: 'stop', usage: { inputTokens: 12, outputTokens: 8 } } }
  },
  image: async () => ({
    images: [{ data: Uint8Array.of(0x89, 0x50, 0x4e, 0x47), mediaType: 'image/png' }],
    usage: { inputTokens: 8, outputTokens: 1056 },
    model: 'able-1',
  }),
  async *speak() {
    yield { type: 'start', mediaType: 'audio/mpeg' }
    yield { type: 'audio', audio: new Uint8Array(1000) }
    yield { type: 'finish' }
  },
}

const able = defineProvider(scripted)

/** Services take any limit of an answer; the bundled model has room for a short one. */
class Short extends Middleware {
  protected intercept(call: PolicyCall): Interception {
    // The bundled model makes neither.
    if (call.kind === 'image') return { answer: (options) => able.image(call.request, options) }
    if (call.kind === 'speak') return { speech: (options) => able.speak(call.request, options) }
    const { kind, request } = call
    if (kind !== 'chat' || typeof request !== 'object' || !('messages' in request)) return {}
    return { request: { ...request, maxOutputTokens: Math.min(request.maxOutputTokens ?? 500, 500) } }
  }
}

export interface Services {
  /** What a program needs in its environment to ask them. */
  readonly env: Record<string, string>
  close(): Promise<void>
}

export async function startServices(): Promise<Services> {
  const loaded = await loadConfig({ config: { providers: {} }, user: false })
  const otherwise = () => new Short(route([local(), able]))
  const { url, close } = await serve({ loaded, otherwise, port: 0 })
  // The gateway does not speak Gemini's protocol.
  const google = await strictService('gemini-api', {
    script: ({ contents }) =>
      JSON.stringify(contents).includes('Shorter')
        ? 'Blue light scatters.'
        : 'Because blue light is scattered most.',
  })
  const redis = hasRedis ? await startRedis() : undefined
  return {
    env: {
      ANTHROPIC_API_KEY: 'none',
      ANTHROPIC_BASE_URL: url,
      OPENAI_API_KEY: 'none',
      OPENAI_BASE_URL: `${url}/v1`,
      GEMINI_API_KEY: 'none',
      GEMINI_BASE_URL: google.url,
      OLLAMA_HOST: url,
      GATEWAY_URL: url,
      ...(redis && { REDIS_URL: redis.url }),
    },
    close: async () => {
      await close()
      await google.close()
      await redis?.stop()
    },
  }
}
