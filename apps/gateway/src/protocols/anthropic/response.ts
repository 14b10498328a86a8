// Writes an answer as a message of the Messages API, or as the events of a stream.
// Source: platform.claude.com/docs/en/api/messages and /messages-streaming, November 2026.
import type { ChatEvent, ChatResponse, Citation, FinishReason, LlmError, Part, Usage } from '@patchbay/core'
import { BlockSequence } from '../../answer/block-sequence.js'
import { clientCodeOf } from '../../answer/http-status.js'
import { refusalIn } from '../../answer/refusal-text.js'
import { webAddress } from '../../answer/web-address.js'
import { type SearchStep, WebSearches } from '../../answer/web-searches.js'
import type { Json } from '../../body/body.js'
import { stateBlock } from './messages.js'
import { newSearchId, toSearchBlock } from './search-blocks.js'

const reasons: Record<FinishReason, string> = {
  stop: 'end_turn',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  'content-filter': 'refusal',
  refusal: 'refusal',
  pause: 'pause_turn',
  other: 'end_turn',
}

// Claude Code without its screen takes the last block for the answer, and prints nothing where that is no text. With its screen it
// shows each block, and sends the last one back, also after a summary or an agent of its own (2.1.332, tried in November 2026).
const lastBlockIsAnswer = /^claude-cli\/(?!\S+ \(external, cli\b)/
/** `claude -p`: nobody reads along. */
const readsAtTheEnd = /^claude-cli\/\S+ \(external, sdk-cli\b/

/** The whole answer as one message. The block of opaque state is the first: some clients take the last for the answer. */
export function toMessage(response: ChatResponse, id: string): Json {
  const { message, model, usage } = response
  const state = stateBlock(message.content)
  const searches = new WebSearches(newSearchId)
  const blocks = message.content.flatMap((part) => [
    ...searches.of(part).map(toSearchBlock),
    ...toBlock(part),
  ])
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content: [...(state === undefined ? [] : [state]), ...blocks, ...searches.end().map(toSearchBlock)],
    ...toStop(response),
    usage: toUsage(usage),
  }
}

/** Claude and the local worker report the stop sequence; other services report only that they stopped. */
function toStop({ finishReason, stopSequence }: ChatResponse): Json {
  return stopSequence === undefined
    ? { stop_reason: reasons[finishReason], stop_sequence: null }
    : { stop_reason: 'stop_sequence', stop_sequence: stopSequence }
}

function toBlock(part: Part): Json[] {
  switch (part.type) {
    case 'text':
      return [
        {
          type: 'text',
          text: part.text,
          ...(part.citations && { citations: part.citations.flatMap(toCitation) }),
        },
      ]
    case 'refusal':
      return [{ type: 'text', text: part.text }]
    case 'reasoning':
      return [{ type: 'thinking', thinking: part.text, signature: '' }]
    case 'tool-call':
      return [{ type: 'tool_use', id: part.id, name: part.name, input: part.input }]
    case 'image':
    case 'file':
    case 'audio':
    case 'tool-result':
    case 'provider-block':
      return []
  }
}

/** The protocol has no field for a citation without a URL. */
function toCitation({ url, title, quote = '' }: Citation): Json[] {
  if (webAddress(url) === undefined) return []
  return [
    { type: 'web_search_result_location', url, title: title ?? null, cited_text: quote, encrypted_index: '' },
  ]
}

/** Cached input is counted apart in the protocol. Unknown counts are 0. */
function toUsage({
  inputTokens = 0,
  outputTokens = 0,
  cachedInputTokens = 0,
  cacheWriteTokens = 0,
  cacheWriteHourTokens: hour,
  webSearches,
}: Usage): Json {
  return {
    input_tokens: Math.max(0, inputTokens - cachedInputTokens - cacheWriteTokens),
    output_tokens: outputTokens,
    cache_read_input_tokens: cachedInputTokens,
    cache_creation_input_tokens: cacheWriteTokens,
    ...(webSearches !== undefined && {
      server_tool_use: { web_search_requests: webSearches, web_fetch_requests: 0 },
    }),
    ...(hour !== undefined && {
      cache_creation: {
        ...{ ephemeral_5m_input_tokens: cacheWriteTokens - hour, ephemeral_1h_input_tokens: hour },
      },
    }),
  }
}

type Open =
  | 'text'
  | 'thinking'
  | 'tool_use'
  | 'redacted_thinking'
  | 'server_tool_use'
  | 'web_search_tool_result'

/** Writes the events of a stream: opens and closes blocks as their content comes. */
export class EventWriter {
  readonly #sequence = new BlockSequence()
  readonly #searches = new WebSearches(newSearchId)
  #index = -1
  #open: Open | undefined
  /** The last text block: its citations are known at the end. */
  #text: number | undefined
  /** Searches after a text that is still open: if it is the last one, its citations must come before its end. */
  #waiting: SearchStep[] = []
  /** Text that waits for the opaque state, which is known at the end and must not be the last block. */
  #held = ''

  constructor(
    private readonly id: string,
    private readonly model: string,
    /** The user agent of the client. */
    private readonly client = '',
  ) {}

  write(event: ChatEvent): Json[] {
    return this.#sequence.push(event).flatMap((one) => this.#events(one))
  }

  #events(event: ChatEvent): Json[] {
    switch (event.type) {
      case 'start': {
        const message = {
          id: this.id,
          type: 'message',
          role: 'assistant',
          model: event.model || this.model,
          content: [],
        }
        const unfinished = { stop_reason: null, stop_sequence: null, usage: toUsage(event.usage ?? {}) }
        return [{ type: 'message_start', message: { ...message, ...unfinished } }]
      }
      case 'text':
        if (!readsAtTheEnd.test(this.client)) return this.#write(event.text)
        this.#held += event.text
        return [{ type: 'ping' }]
      case 'reasoning': {
        const block = { type: 'thinking', thinking: '', signature: '' }
        return [
          ...this.#release(),
          ...this.#delta('thinking', block, { type: 'thinking_delta', thinking: event.text }),
        ]
      }
      case 'tool-call-start': {
        const block = { type: 'tool_use', id: event.id, name: event.name, input: {} }
        return [...this.#release(), ...this.#begin('tool_use', block)]
      }
      case 'tool-call-delta':
        return [this.#piece({ type: 'input_json_delta', partial_json: event.json })]
      case 'tool-call':
        return this.#end()
      case 'part':
        return [
          ...this.#searched(this.#searches.of(event.part)),
          ...refusalIn(event.part).flatMap((text) => [...this.#release(), ...this.#write(text)]),
        ]
      case 'finish': {
        const { message, usage, toolCalls } = event.response
        const isLast = this.#held === '' && toolCalls.length === 0
        const block = isLast && lastBlockIsAnswer.test(this.client) ? undefined : stateBlock(message.content)
        const isHeld = this.#held !== ''
        return [
          ...(isHeld ? [] : this.#cite(message.content)),
          ...this.#searchesSoFar(),
          ...this.#searches.end().flatMap((step) => this.#search(step)),
          ...(block === undefined ? [] : [...this.#begin('redacted_thinking', block), ...this.#end()]),
          ...this.#release(),
          ...(isHeld ? this.#cite(message.content) : []),
          ...this.#end(),
          {
            type: 'message_delta',
            delta: toStop(event.response),
            usage: toUsage(usage),
          },
          { type: 'message_stop' },
        ]
      }
    }
  }

  /** All citations go to the last text block: a stream does not say where one text ends and the next begins. */
  #cite(content: readonly Part[]): Json[] {
    const citations = content.flatMap((part) => (part.type === 'text' ? (part.citations ?? []) : []))
    if (this.#text === undefined) return []
    const index = this.#text
    return citations.flatMap(toCitation).map((citation) => ({
      type: 'content_block_delta',
      index,
      delta: { type: 'citations_delta', citation },
    }))
  }

  #searched(steps: SearchStep[]): Json[] {
    this.#waiting.push(...steps)
    return this.#open === 'text' ? [] : this.#searchesSoFar()
  }

  #searchesSoFar(): Json[] {
    const steps = this.#waiting
    this.#waiting = []
    return steps.flatMap((step) => this.#search(step))
  }

  /** Text that is held back goes on being held: it is one text, after the searches. */
  #search(step: SearchStep): Json[] {
    const block = toSearchBlock(step)
    if (step.type === 'result') return [...this.#begin('web_search_tool_result', block), ...this.#end()]
    const partial_json = JSON.stringify(block.input)
    return [
      ...this.#begin('server_tool_use', { ...block, input: {} }),
      this.#piece({ type: 'input_json_delta', partial_json }),
      ...this.#end(),
    ]
  }

  #write(text: string): Json[] {
    return this.#delta('text', { type: 'text', text: '' }, { type: 'text_delta', text })
  }

  /** The text that was held back. */
  #release(): Json[] {
    const text = this.#held
    this.#held = ''
    return text === '' ? [] : this.#write(text)
  }

  #delta(kind: Open, block: Json, delta: Json): Json[] {
    const goesOn = this.#open === kind && this.#waiting.length === 0
    return [...(goesOn ? [] : this.#begin(kind, block)), this.#piece(delta)]
  }

  #begin(kind: Open, content_block: Json): Json[] {
    const before = [...this.#end(), ...this.#searchesSoFar()]
    this.#open = kind
    this.#index++
    if (kind === 'text') this.#text = this.#index
    return [...before, { type: 'content_block_start', index: this.#index, content_block }]
  }

  #piece(delta: Json): Json {
    return { type: 'content_block_delta', index: this.#index, delta }
  }

  #end(): Json[] {
    if (this.#open === undefined) return []
    this.#open = undefined
    return [{ type: 'content_block_stop', index: this.#index }]
  }
}

const types: Partial<Record<LlmError['code'], string>> = {
  authentication: 'authentication_error',
  'permission-denied': 'permission_error',
  'rate-limited': 'rate_limit_error',
  'quota-exceeded': 'billing_error',
  'budget-exceeded': 'billing_error',
  'not-found': 'not_found_error',
  overloaded: 'overloaded_error',
  'queue-full': 'overloaded_error',
  'circuit-open': 'overloaded_error',
  timeout: 'timeout_error',
  'invalid-request': 'invalid_request_error',
  'context-length': 'invalid_request_error',
  'content-filtered': 'invalid_request_error',
  unsupported: 'invalid_request_error',
  'no-route': 'invalid_request_error',
}

/** An error in the protocol's own shape. Clients recognise a too long conversation by `prompt is too long`. */
export function toError(error: LlmError, details?: Json): Json {
  const code = clientCodeOf(error)
  const { message } = error
  const text = code === 'context-length' ? `prompt is too long: ${message}` : message
  return {
    type: 'error',
    error: { type: types[code] ?? 'api_error', message: text, ...(details && { details }) },
  }
}
