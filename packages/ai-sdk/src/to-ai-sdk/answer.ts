// Converts answers of a provider to content of the AI SDK, complete and streamed.
import type {
  JSONObject,
  LanguageModelV3Content,
  LanguageModelV3File,
  LanguageModelV3FinishReason,
  LanguageModelV3Source,
  LanguageModelV3StreamPart,
  LanguageModelV3ToolCall,
  LanguageModelV3ToolResult,
  LanguageModelV3Usage,
  SharedV3ProviderMetadata,
  SharedV3Warning,
} from '@ai-sdk/provider'
import type { ChatEvent, ChatResponse, Part, Usage, Warning } from '@patchbay/core'
import { omitUndefined } from '@patchbay/core/wrap'
import { Blocks, hasBytes, sourcesOf, unparsed } from '../blocks.js'
import { asJson, metadataOf, ours } from '../hidden.js'
import { type ServerToolStep, ServerToolSteps } from '../server-tool-steps.js'
import { finishReasons } from './finish-reason.js'

/** The events of a stream as the AI SDK's stream parts. */
export class StreamParts {
  readonly #blocks = new Blocks<LanguageModelV3ToolCall | LanguageModelV3File>()
  readonly #serverTools = new ServerToolSteps()
  #warned = 0

  /** @param warnings those of the bridge itself */
  constructor(private readonly warnings: readonly SharedV3Warning[]) {}

  of(event: ChatEvent): LanguageModelV3StreamPart[] {
    switch (event.type) {
      case 'start':
        this.#warned = event.warnings.length
        return [
          { type: 'stream-start', warnings: [...this.warnings, ...event.warnings.map(toWarning)] },
          {
            type: 'response-metadata',
            modelId: event.model,
            ...(event.id !== undefined && { id: event.id }),
          },
        ]
      case 'text':
      case 'reasoning': {
        const { before, id } = this.#blocks.into(event.type)
        return [...before, { type: `${event.type}-delta`, id, delta: event.text }]
      }
      case 'tool-call-start':
        return [...this.#blocks.end(), { type: 'tool-input-start', id: event.id, toolName: event.name }]
      case 'tool-call-delta':
        return [{ type: 'tool-input-delta', id: event.id, delta: event.json }]
      case 'tool-call':
        return [{ type: 'tool-input-end', id: event.id }, ...this.#blocks.add(toCall(event))]
      case 'part':
        return this.#part(event.part)
      case 'finish':
        return this.#finish(event.response)
    }
  }

  #part(part: Part): LanguageModelV3StreamPart[] {
    switch (part.type) {
      case 'refusal':
        return this.of({ type: 'text', text: part.text })
      case 'image':
      case 'file':
      case 'audio':
        return hasBytes(part) ? this.#blocks.add(toFile(part)) : []
      // These have events of their own, or only their provider can read them.
      case 'text':
      case 'reasoning':
      case 'tool-call':
      case 'tool-result':
        return []
      case 'provider-block':
        return this.#server(this.#serverTools.of(part))
    }
  }

  /** The metadata of the answer have no place in a result, so none is held back for them. */
  #server(steps: ServerToolStep[]): LanguageModelV3StreamPart[] {
    return steps.flatMap((step) => {
      const part = toServerPart(step)
      return part.type === 'tool-call' ? this.#blocks.add(part) : [...this.#blocks.end(), part]
    })
  }

  #finish(response: ChatResponse): LanguageModelV3StreamPart[] {
    const { message, usage, warnings } = response
    // Warnings are in the first part of a stream; later ones have no other place.
    const later = warnings.slice(this.#warned)
    return [
      ...this.#server(endOf(this.#serverTools, response)),
      ...this.#blocks.end(metadataOf(message.content)),
      ...toSources(message.content),
      {
        type: 'finish',
        usage: toUsage(usage),
        finishReason: toReason(response),
        ...aboutAnswer(response, later),
      },
    ]
  }
}

/** What the AI SDK has no word for, as metadata of the answer. */
export function aboutAnswer(
  { requestId, stopSequence, cost, cached, attempts, logprobs }: ChatResponse,
  warnings: readonly Warning[] = [],
): { providerMetadata?: SharedV3ProviderMetadata } {
  const about = omitUndefined({
    ...{ requestId, stopSequence, cost, cached, logprobs },
    attempts: attempts > 1 ? attempts : undefined,
    warnings: warnings.length > 0 ? warnings : undefined,
  })
  return Object.keys(about).length > 0 ? { providerMetadata: { [ours]: asJson(about) as JSONObject } } : {}
}

export function toContent(response: ChatResponse): LanguageModelV3Content[] {
  const { content } = response.message
  const serverTools = new ServerToolSteps()
  const parts = [
    ...content.flatMap((part) => toContentPart(part, serverTools)),
    ...endOf(serverTools, response).map(toServerPart),
  ]
  const metadata = metadataOf(content)
  // The metadata of results do not come back.
  const hasPlace = parts.length > 0 && parts.at(-1)?.type !== 'tool-result'
  const last: LanguageModelV3Content = (hasPlace && parts.pop()) || { type: 'reasoning', text: '' }
  const ended = { ...last, ...metadata }
  const isNothing = parts.length === 0 && 'text' in ended && ended.text === '' && !metadata.providerMetadata
  return [...parts, ...(isNothing ? [] : [ended]), ...toSources(content)]
}

function toContentPart(part: Part, serverTools: ServerToolSteps): LanguageModelV3Content[] {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return part.text === '' ? [] : [{ type: part.type, text: part.text }]
    case 'refusal':
      return [{ type: 'text', text: part.text }]
    case 'tool-call':
      return [toCall(part)]
    case 'image':
    case 'file':
    case 'audio':
      return hasBytes(part) ? [toFile(part)] : []
    // Only its provider can read it: it is in the metadata.
    case 'tool-result':
      return []
    case 'provider-block':
      return serverTools.of(part).map(toServerPart)
  }
}

/** The results that nobody tells. Those of an answer that pauses come with the next one. */
function endOf(serverTools: ServerToolSteps, { finishReason }: ChatResponse): ServerToolStep[] {
  return finishReason === 'pause' ? [] : serverTools.end()
}

/** `dynamic`: the AI SDK takes it, whether the app has offered the tool under this name or not. */
function toServerPart(step: ServerToolStep): LanguageModelV3ToolCall | LanguageModelV3ToolResult {
  if (step.type === 'call') return { ...toCall(step), providerExecuted: true, dynamic: true }
  const { id: toolCallId, name: toolName, output: result, isError } = step
  return { type: 'tool-result', toolCallId, toolName, result, ...(isError && { isError }), dynamic: true }
}

function toCall({ id, name, input }: { id: string; name: string; input: unknown }): LanguageModelV3ToolCall {
  return {
    type: 'tool-call',
    toolCallId: id,
    toolName: name,
    input: unparsed(input) ?? JSON.stringify(input),
  }
}

function toFile({ data, mediaType }: Pick<LanguageModelV3File, 'data' | 'mediaType'>): LanguageModelV3File {
  return { type: 'file', data, mediaType }
}

function toSources(content: readonly Part[]): LanguageModelV3Source[] {
  return sourcesOf(content).map((source) => ({ type: 'source', ...source }))
}

export function toReason({ finishReason, rawFinishReason }: ChatResponse): LanguageModelV3FinishReason {
  return { unified: finishReasons[finishReason], raw: rawFinishReason ?? finishReason }
}

export function toUsage(usage: Usage): LanguageModelV3Usage {
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

export function toWarning({ code, feature, message }: Warning): SharedV3Warning {
  return code === 'unsupported' && feature !== undefined
    ? { type: 'unsupported', feature, details: message }
    : { type: 'other', message }
}
