// Converts answers to LangChain messages. A whole answer is assembled from the chunks of its stream, so both are the same.
import { AIMessage, AIMessageChunk, type ContentBlock } from '@langchain/core/messages'
import type { ChatEvent, ChatResponse, Citation, Part, Warning } from '@patchbay/core'
import { isObject, omitUndefined } from '@patchbay/core/wrap'
import { answerBlocks } from '../blocks.js'
import { hiddenKwargs, ours } from '../messages.js'
import type { Json } from '../standard-blocks.js'
import { tokensOf, toUsage } from '../usage.js'
import { asWritten, endingOf } from './invalid-calls.js'

interface OpenCall {
  index: number
  json: string
}

/** Converts stream events to message chunks. */
export class Pieces {
  #index = -1
  #kind: string | undefined
  readonly #open = new Map<string, OpenCall>()
  #id: string | undefined

  /**
   * @param warnings of the bridge, added to those of the answer
   * @param inBlocks whether text that comes first is a block too, rather than a string
   */
  constructor(
    private readonly warnings: readonly Warning[],
    private readonly inBlocks = false,
  ) {}

  of(event: ChatEvent): AIMessageChunk | undefined {
    switch (event.type) {
      case 'start':
        this.#id = event.id
        return undefined
      case 'text': {
        const index = this.#into('text')
        return this.#piece({
          content: index === 0 && !this.inBlocks ? event.text : [{ type: 'text', text: event.text, index }],
        })
      }
      case 'reasoning':
        return this.#block({ type: 'reasoning', reasoning: event.text, index: this.#into('reasoning') })
      case 'tool-call-start': {
        const index = this.#next('tool-call')
        this.#open.set(event.id, { index, json: '' })
        return this.#args({ index, id: event.id, name: event.name, args: '' })
      }
      case 'tool-call-delta': {
        const call = this.#open.get(event.id)
        if (call === undefined) return undefined
        const args = asWritten(event.json)
        call.json += args
        return this.#args({ index: call.index, args })
      }
      case 'tool-call': {
        const call = this.#open.get(event.id)
        this.#open.delete(event.id)
        if (call === undefined || !isObject(event.input) || !('$unparsed' in event.input)) return undefined
        return this.#args({ index: call.index, args: endingOf(call.json) })
      }
      case 'part': {
        const blocks = answerBlocks(event.part)
        if (blocks.length === 0) return undefined
        const content = blocks.map((block): Json => ({ ...block, index: this.#next(event.part.type) }))
        return this.#piece({ content: content as (Json & ContentBlock)[] })
      }
      case 'finish':
        return this.#last(event.response)
    }
  }

  #into(kind: string): number {
    return this.#kind === kind ? this.#index : this.#next(kind)
  }

  #next(kind: string): number {
    this.#kind = kind
    return ++this.#index
  }

  #piece(
    fields: Exclude<ConstructorParameters<typeof AIMessageChunk>[0], string | unknown[]>,
  ): AIMessageChunk {
    return new AIMessageChunk({ ...fields, ...(this.#id !== undefined && { id: this.#id }) })
  }

  #block(block: Json): AIMessageChunk {
    return this.#piece({ content: [block as ContentBlock] })
  }

  #args(chunk: { index: number; args: string; id?: string; name?: string }): AIMessageChunk {
    return this.#piece({ content: '', tool_call_chunks: [{ type: 'tool_call_chunk', ...chunk }] })
  }

  #last(response: ChatResponse): AIMessageChunk {
    const chunk = this.#piece({
      content: '',
      // An incomplete call at the end is not a call.
      tool_call_chunks: [...this.#open.values()].map(({ index, json }) => ({
        type: 'tool_call_chunk',
        index,
        args: endingOf(json),
      })),
      additional_kwargs: hiddenKwargs(response.message.content),
      response_metadata: metadataOf(response, this.warnings),
    })
    const usage = toUsage(response.usage)
    // Set afterwards: LangChain's types do not accept it in the constructor under `exactOptionalPropertyTypes`.
    return usage === undefined ? chunk : Object.assign(chunk, { usage_metadata: usage })
  }
}

export function toMessage(
  response: ChatResponse,
  warnings: readonly Warning[] = [],
  inBlocks = false,
): AIMessage {
  const pieces = new Pieces(warnings, inBlocks)
  let whole: AIMessageChunk | undefined
  for (const event of eventsOf(response)) {
    const piece = pieces.of(event)
    if (piece !== undefined) whole = whole?.concat(piece) ?? piece
  }
  const { id, content, tool_calls, invalid_tool_calls, ...rest } = whole as AIMessageChunk
  const { additional_kwargs, response_metadata, usage_metadata } = rest
  const calls = { tool_calls, invalid_tool_calls }
  return new AIMessage(
    omitUndefined({ id, content, ...calls, additional_kwargs, response_metadata, usage_metadata }),
  )
}

function* eventsOf(response: ChatResponse): Generator<ChatEvent> {
  const { provider, model, id, warnings } = response
  yield { type: 'start', provider, model, warnings, ...(id !== undefined && { id }) }
  for (const part of response.message.content)
    if (part.type === 'text' || part.type === 'reasoning') {
      if (part.text !== '') yield { type: part.type, text: part.text }
    } else if (part.type === 'tool-call') {
      const { id, name, input } = part
      yield { type: 'tool-call-start', id, name }
      yield { type: 'tool-call-delta', id, json: JSON.stringify(input) }
      yield { type: 'tool-call', id, name, input }
    } else yield { type: 'part', part }
  yield { type: 'finish', response }
}

/** The citations of an answer; positions are those in its whole text. */
function citationsOf(content: readonly Part[]): Citation[] {
  let from = 0
  return content.flatMap((part) => {
    if (part.type !== 'text') return []
    const begin = from
    from += part.text.length
    return (part.citations ?? []).map(({ start, end, ...cited }) => ({
      ...cited,
      ...(start !== undefined && { start: start + begin }),
      ...(end !== undefined && { end: end + begin }),
    }))
  })
}

function metadataOf(response: ChatResponse, warnings: readonly Warning[]): Json {
  const all = [...warnings, ...response.warnings]
  const citations = citationsOf(response.message.content)
  return omitUndefined({
    model_provider: ours,
    provider: response.provider,
    // LangChain's models have the name by both words; its tests read the second, its tools the first.
    model_name: response.model,
    model: response.model,
    id: response.id,
    request_id: response.requestId,
    finish_reason: response.finishReason,
    raw_finish_reason: response.rawFinishReason,
    stop_sequence: response.stopSequence,
    usage: response.usage,
    tokenUsage: tokensOf(response.usage),
    citations: citations.length > 0 ? citations : undefined,
    cost: response.cost,
    cached: response.cached,
    attempts: response.attempts,
    timing: response.timing,
    warnings: all.length > 0 ? all : undefined,
  })
}
