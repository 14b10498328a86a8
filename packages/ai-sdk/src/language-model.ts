// A provider as a language model of the AI SDK: `languageModel()`.
import type {
  LanguageModelV3,
  LanguageModelV3Content,
  LanguageModelV3FinishReason,
  LanguageModelV3StreamPart,
  LanguageModelV3Usage,
  SharedV3Warning,
} from '@ai-sdk/provider'
import type {
  CallOptions,
  ChatEvent,
  ChatResponse,
  FinishReason,
  Provider,
  Usage,
  Warning,
} from '@patchbay/core'
import { Blocks, citationsOf } from './blocks.js'
import { callOptions } from './call-options.js'
import { toCallError } from './errors.js'
import { metadataOf } from './hidden.js'
import { toRequest } from './request.js'

/**
 * The provider, for `generateText`, `streamText` and all that takes a model. The AI SDK tries again by itself
 * (`maxRetries`), so the provider does not. `providerOptions: { patchbay: { reasoning: 'low' } }` adds to the request.
 * The options hold for each of its calls; `providerOptions: { patchbay: { call: { metadata: { tenant: 'alice' } } } }` adds to
 * those of one.
 */
export function languageModel(
  provider: Provider,
  options: Omit<CallOptions, 'signal'> = {},
): LanguageModelV3 {
  return {
    specificationVersion: 'v3',
    provider: provider.provider,
    modelId: provider.model,
    // Addresses go through: who takes bytes has them fetched.
    supportedUrls: { '*/*': [/^https?:\/\//] },
    async doGenerate(call) {
      const response = await provider.chat(toRequest(call), callOptions(options, call)).catch((error) => {
        throw toCallError(error, call.abortSignal)
      })
      return {
        content: toContent(response),
        finishReason: toReason(response),
        usage: toUsage(response.usage),
        warnings: response.warnings.map(toWarning),
        response: { modelId: response.model, ...(response.id !== undefined && { id: response.id }) },
      }
    },
    async doStream(call) {
      const events = provider.stream(toRequest(call), callOptions(options, call))[Symbol.asyncIterator]()
      // What fails before its first event fails the call, so that it can be tried again.
      const first = await events.next().catch((error) => {
        throw toCallError(error, call.abortSignal)
      })
      return { stream: told(events, first, call.abortSignal) }
    },
  }
}

function told(
  events: AsyncIterator<ChatEvent>,
  first: IteratorResult<ChatEvent>,
  signal: AbortSignal | undefined,
): ReadableStream<LanguageModelV3StreamPart> {
  const parts = new Parts()
  let next: IteratorResult<ChatEvent> | undefined = first
  return new ReadableStream({
    async pull(controller) {
      try {
        // An event may have no part; a pull that brings nothing would be the last.
        for (let told: LanguageModelV3StreamPart[] = []; told.length === 0; ) {
          const { done, value } = next ?? (await events.next())
          next = undefined
          if (done) return controller.close()
          told = parts.of(value)
          for (const part of told) controller.enqueue(part)
        }
      } catch (error) {
        controller.enqueue({ type: 'error', error: toCallError(error, signal) })
        controller.close()
      }
    },
    async cancel() {
      await events.return?.()
    },
  })
}

/** Parts as the AI SDK streams them. */
class Parts {
  readonly #blocks = new Blocks()

  of(event: ChatEvent): LanguageModelV3StreamPart[] {
    switch (event.type) {
      case 'start':
        return [
          { type: 'stream-start', warnings: event.warnings.map(toWarning) },
          {
            type: 'response-metadata',
            modelId: event.model,
            ...(event.id !== undefined && { id: event.id }),
          },
        ]
      case 'text':
      case 'reasoning': {
        const { marks, id } = this.#blocks.into(event.type)
        return [...marks, { type: `${event.type}-delta`, id, delta: event.text }]
      }
      case 'tool-call-start':
        return [...this.#blocks.end(), { type: 'tool-input-start', id: event.id, toolName: event.name }]
      case 'tool-call-delta':
        return [{ type: 'tool-input-delta', id: event.id, delta: event.json }]
      case 'tool-call':
        return [{ type: 'tool-input-end', id: event.id }]
      case 'part':
        return event.part.type === 'refusal' ? this.of({ type: 'text', text: event.part.text }) : []
      case 'finish':
        return this.#finish(event.response)
    }
  }

  /** Calls are given whole here, so that the last part of all can carry what the AI SDK does not see. */
  #finish(response: ChatResponse): LanguageModelV3StreamPart[] {
    const { message, usage, toolCalls } = response
    const hidden = metadataOf(message.content)
    const calls = toolCalls.map((call, index) => ({
      ...toCall(call),
      ...(index === toolCalls.length - 1 && hidden),
    }))
    return [
      ...this.#blocks.end(calls.length === 0 ? hidden : {}),
      ...sourcesOf(response),
      ...calls,
      { type: 'finish', usage: toUsage(usage), finishReason: toReason(response) },
    ]
  }
}

function toContent(response: ChatResponse): LanguageModelV3Content[] {
  const { content } = response.message
  const told = content.flatMap((part): LanguageModelV3Content[] => {
    switch (part.type) {
      case 'text':
      case 'reasoning':
        return part.text === '' ? [] : [{ type: part.type, text: part.text }]
      case 'refusal':
        return [{ type: 'text', text: part.text }]
      case 'tool-call':
        return [toCall(part)]
      default:
        return []
    }
  })
  const last = told.at(-1)
  if (last !== undefined) Object.assign(last, metadataOf(content))
  return [...told, ...sourcesOf(response)]
}

function toCall({ id, name, input }: { id: string; name: string; input: unknown }) {
  return { type: 'tool-call' as const, toolCallId: id, toolName: name, input: JSON.stringify(input) }
}

function sourcesOf({ message }: ChatResponse): Extract<LanguageModelV3Content, { type: 'source' }>[] {
  return citationsOf(message.content).map(({ url, title }, index) => ({
    type: 'source',
    sourceType: 'url',
    id: String(index),
    url,
    ...(title !== undefined && { title }),
  }))
}

const reasons: Record<FinishReason, LanguageModelV3FinishReason['unified']> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool-calls',
  'content-filter': 'content-filter',
  refusal: 'content-filter',
  pause: 'other',
  other: 'other',
}

function toReason({ finishReason, rawFinishReason }: ChatResponse): LanguageModelV3FinishReason {
  return { unified: reasons[finishReason], raw: rawFinishReason ?? finishReason }
}

function toUsage(usage: Usage): LanguageModelV3Usage {
  const { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens } = usage
  const rest = (all: number | undefined, ...parts: (number | undefined)[]) =>
    all === undefined ? undefined : parts.reduce<number>((left, part) => left - (part ?? 0), all)
  return {
    inputTokens: {
      total: inputTokens,
      noCache: rest(inputTokens, cachedInputTokens, cacheWriteTokens),
      cacheRead: cachedInputTokens,
      cacheWrite: cacheWriteTokens,
    },
    outputTokens: {
      total: outputTokens,
      text: rest(outputTokens, reasoningTokens),
      reasoning: reasoningTokens,
    },
  }
}

function toWarning({ code, feature, message }: Warning): SharedV3Warning {
  return code === 'unsupported' && feature !== undefined
    ? { type: 'unsupported', feature, details: message }
    : { type: 'other', message }
}
