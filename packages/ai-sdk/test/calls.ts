// Helpers that call models and providers, complete and streamed.
import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3StreamPart,
  SharedV3Warning,
} from '@ai-sdk/provider'
import type { ChatRequest, ChatResponse, Provider } from '@patchbay/core'
import { generateText, streamText } from 'ai'

Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false })

export const ways = ['complete', 'streamed'] as const
export type Way = (typeof ways)[number]

type Asked = Omit<Parameters<typeof generateText>[0], 'prompt' | 'onStepFinish' | 'onFinish'>

/** By `generateText` or `streamText`. */
export async function ask(way: Way, asked: Asked) {
  const given = { maxRetries: 0, allowSystemInMessages: true, ...asked } as Parameters<typeof generateText>[0]
  if (way === 'complete') return await generateText(given)
  const stream = streamText(given as Parameters<typeof streamText>[0])
  const [content, response, warnings] = await Promise.all([stream.content, stream.response, stream.warnings])
  return { content, response, warnings }
}

/** By the provider's `chat` or `stream`. */
export function chat(way: Way, provider: Provider, request: ChatRequest): Promise<ChatResponse> {
  return way === 'complete' ? provider.chat(request) : provider.stream(request).response()
}

/** By the model's own methods; the features its warnings name. */
export async function warningsOf(
  way: Way,
  model: LanguageModelV3,
  call: LanguageModelV3CallOptions,
): Promise<string[]> {
  const features = (warnings: SharedV3Warning[]) =>
    warnings.map((warning) => (warning.type === 'other' ? warning.message : warning.feature))
  if (way === 'complete') return features((await model.doGenerate(call)).warnings)
  const { stream } = await model.doStream(call)
  const found: string[] = []
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read()
    if (done) return found
    if (value.type === 'error') throw value.error
    if (value.type === 'stream-start') found.push(...features(value.warnings))
  }
}

/** A model that streams these parts, whatever it is asked, and remembers what it was asked. */
export function playing(
  parts: LanguageModelV3StreamPart[],
  { provider = 'played', modelId = 'played-1' }: { provider?: string; modelId?: string } = {},
): LanguageModelV3 & { calls: LanguageModelV3CallOptions[] } {
  const calls: LanguageModelV3CallOptions[] = []
  return {
    specificationVersion: 'v3',
    ...{ provider, modelId, supportedUrls: {}, calls },
    doGenerate: () => Promise.reject(new Error('it streams')),
    doStream: async (call) => {
      calls.push(call)
      return {
        stream: new ReadableStream({
          start(controller) {
            for (const part of parts) controller.enqueue(part)
            controller.close()
          },
        }),
      }
    },
  }
}

export const finish: LanguageModelV3StreamPart = {
  type: 'finish',
  finishReason: { unified: 'stop', raw: 'end' },
  usage: {
    inputTokens: { total: 5, noCache: 3, cacheRead: 2, cacheWrite: undefined },
    outputTokens: { total: 4, text: 3, reasoning: 1 },
  },
}
