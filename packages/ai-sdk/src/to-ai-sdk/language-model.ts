// A provider as a language model of the AI SDK: `languageModel()`.
import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3StreamPart,
  SharedV3Warning,
} from '@ai-sdk/provider'
import {
  type CallOptions,
  type ChatEvent,
  type ChatResponse,
  isLlmError,
  type Provider,
} from '@patchbay/core'
import { toCallError } from '../errors.js'
import { aboutAnswer, StreamParts, toContent, toReason, toUsage, toWarning } from './answer.js'
import { callOptions } from './call-options.js'
import { leftOutReporter } from './ignored-options.js'
import { toRequest } from './request.js'

/**
 * The provider, for `generateText`, `streamText` and all that takes a model. The AI SDK tries again by itself
 * (`maxRetries`), so the provider does not. `providerOptions: { patchbay: { reasoning: 'low' } }` adds to the request.
 * The options hold for each of its calls; `providerOptions: { patchbay: { call: { metadata: { tenant: 'alice' } } } }` adds to
 * those of one. What Patchbay does not support is left out with a warning.
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
      const { request, warnings } = requestFor(call)
      const response = await provider.chat(request, callOptions(options, call)).catch((error) => {
        const said = misfit(error)
        if (said !== undefined) return said
        throw toCallError(error, call.abortSignal)
      })
      return {
        content: toContent(response),
        finishReason: toReason(response),
        usage: toUsage(response.usage),
        warnings: [...warnings, ...response.warnings.map(toWarning)],
        ...aboutAnswer(response),
        response: { modelId: response.model, ...(response.id !== undefined && { id: response.id }) },
      }
    },
    async doStream(call) {
      const { request, warnings } = requestFor(call)
      const events = provider.stream(request, callOptions(options, call))[Symbol.asyncIterator]()
      // What fails before its first event fails the call, so that it can be tried again.
      const first = await events.next().catch((error) => {
        throw toCallError(error, call.abortSignal)
      })
      return { stream: streamOf(events, first, new StreamParts(warnings), call.abortSignal) }
    },
  }
}

/** An answer that does not fit its schema: the AI SDK checks it by itself, repairs it, or says `NoObjectGeneratedError`. */
function misfit(error: unknown): ChatResponse | undefined {
  return isLlmError(error, 'structured-output') ? error.partial : undefined
}

function requestFor(call: LanguageModelV3CallOptions) {
  const warnings: SharedV3Warning[] = []
  return { request: toRequest(call, leftOutReporter(warnings)), warnings }
}

function streamOf(
  events: AsyncIterator<ChatEvent>,
  first: IteratorResult<ChatEvent>,
  parts: StreamParts,
  signal: AbortSignal | undefined,
): ReadableStream<LanguageModelV3StreamPart> {
  let next: IteratorResult<ChatEvent> | undefined = first
  return new ReadableStream({
    async pull(controller) {
      try {
        // An event may have no part; a pull that brings nothing would be the last.
        for (let sent: LanguageModelV3StreamPart[] = []; sent.length === 0; ) {
          const { done, value } = next ?? (await events.next())
          next = undefined
          if (done) return controller.close()
          sent = parts.of(value)
          for (const part of sent) controller.enqueue(part)
        }
      } catch (error) {
        const said = misfit(error)
        if (said !== undefined)
          for (const part of parts.of({ type: 'finish', response: said })) controller.enqueue(part)
        else controller.enqueue({ type: 'error', error: toCallError(error, signal) })
        controller.close()
      }
    },
    async cancel() {
      await events.return?.()
    },
  })
}
