// Writes an answer as a chat completion, or as the chunks of a stream.
// Source: platform.openai.com/docs/api-reference/chat/object and /streaming, November 2026.
import type {
  ChatEvent,
  ChatResponse,
  FinishReason,
  LlmError,
  Part,
  TokenLogprob,
  Usage,
} from '@patchbay/core'
import { logprobsToWire } from '@patchbay/core/wire'
import { clientCodeOf } from '../../answer/http-status.js'
import { refusalIn } from '../../answer/refusal-text.js'
import { webAddress } from '../../answer/web-address.js'
import type { Json } from '../../body/body.js'
import { StreamedLogprobs } from '../../body/logprobs.js'
import { customInput, type ToolOrigins } from '../../body/tools.js'

const reasons: Record<FinishReason, string> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
  refusal: 'stop',
  pause: 'stop',
  other: 'stop',
}

/** The whole answer as one chat completion. */
export function toCompletion(
  response: ChatResponse,
  id: string,
  created: number,
  origins: ToolOrigins,
): Json {
  const { text, reasoning, toolCalls, message, finishReason, model, usage } = response
  const annotations = annotationsOf(message.content)
  const refusal = message.content.flatMap(refusalIn).join('')
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text === '' && toolCalls.length > 0 ? null : text,
          refusal: refusal === '' ? null : refusal,
          ...(reasoning !== '' && { reasoning_content: reasoning }),
          ...(annotations.length > 0 && { annotations }),
          ...(toolCalls.length > 0 && {
            tool_calls: toolCalls.map(({ id, name, input }) =>
              origins.get(name)?.isCustom
                ? { id, type: 'custom', custom: { name, input: customInput(input) } }
                : { id, type: 'function', function: { name, arguments: argumentsOf(input) } },
            ),
          }),
        },
        logprobs: response.logprobs ? toLogprobs(response.logprobs) : null,
        finish_reason: reasons[finishReason],
      },
    ],
    usage: toUsage(usage),
  }
}

function toLogprobs(logprobs: readonly TokenLogprob[]): Json {
  return { content: logprobsToWire(logprobs), refusal: null }
}

/** Arguments that are not valid JSON are sent as the model wrote them, as in a stream. */
function argumentsOf(input: unknown): string {
  const { $unparsed: written } = (input ?? {}) as { $unparsed?: unknown }
  return typeof written === 'string' ? written : JSON.stringify(input)
}

/** Citations of the web; their positions are those in the whole text. The protocol has no field for one without a URL. */
function annotationsOf(content: readonly Part[]): Json[] {
  let before = 0
  return content.flatMap((part) => {
    if (part.type !== 'text') return []
    const offset = before
    before += part.text.length
    return (part.citations ?? []).flatMap(({ url, title = '', start = 0, end = part.text.length }) =>
      webAddress(url) === undefined
        ? []
        : [
            {
              type: 'url_citation',
              url_citation: { url, title, start_index: offset + start, end_index: offset + end },
            },
          ],
    )
  })
}

/** Unknown counts are 0: the protocol has no value for unknown. */
export function toUsage({
  inputTokens = 0,
  outputTokens = 0,
  cachedInputTokens,
  reasoningTokens,
}: Usage): Json {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    ...(cachedInputTokens !== undefined && { prompt_tokens_details: { cached_tokens: cachedInputTokens } }),
    ...(reasoningTokens !== undefined && {
      completion_tokens_details: { reasoning_tokens: reasoningTokens },
    }),
  }
}

/** Writes the chunks of a stream, event by event. */
export class ChunkWriter {
  /** The index of each call, by its id. */
  readonly #calls = new Map<string, number>()
  #started = 0
  /** Ids of calls of custom tools. */
  readonly #custom = new Set<string>()
  readonly #logprobs = new StreamedLogprobs()
  #model: string
  /** The beginning that all chunks share, made once. */
  #head: string | undefined

  constructor(
    private readonly id: string,
    private readonly created: number,
    model: string,
    private readonly withUsage: boolean,
    private readonly origins: ToolOrigins,
  ) {
    this.#model = model
  }

  write(event: ChatEvent): string {
    switch (event.type) {
      case 'start':
        this.#model = event.model
        return this.#chunk({ role: 'assistant', content: '' })
      case 'text':
        return this.#chunk({ content: event.text }, undefined, this.#logprobs.of(event))
      case 'reasoning':
        return this.#chunk({ reasoning_content: event.text })
      case 'tool-call-start': {
        const index = this.#started++
        this.#calls.set(event.id, index)
        const { name } = event
        const call = this.origins.get(name)?.isCustom
          ? { index, id: event.id, type: 'custom', custom: { name, input: '' } }
          : { index, id: event.id, type: 'function', function: { name, arguments: '' } }
        if (call.type === 'custom') this.#custom.add(event.id)
        return this.#chunk({ tool_calls: [call] })
      }
      case 'tool-call-delta': {
        if (this.#custom.has(event.id)) return ''
        const call = { index: this.#calls.get(event.id) ?? 0, function: { arguments: event.json } }
        return this.#chunk({ tool_calls: [call] })
      }
      // The deltas of a function have been sent; the text of a custom tool is known now.
      case 'tool-call': {
        if (!this.#custom.has(event.id)) return ''
        const call = { index: this.#calls.get(event.id) ?? 0, custom: { input: customInput(event.input) } }
        return this.#chunk({ tool_calls: [call] })
      }
      case 'part':
        return refusalIn(event.part)
          .map((refusal) => this.#chunk({ refusal }))
          .join('')
      case 'finish': {
        const { message, finishReason, usage } = event.response
        const annotations = annotationsOf(message.content)
        const citations = annotations.length > 0 ? this.#chunk({ annotations }) : ''
        const usageChunk = `${this.#start()}[],"usage":${JSON.stringify(toUsage(usage))}}\n\n`
        const last = this.#chunk({}, reasons[finishReason], this.#logprobs.of(event))
        return `${citations}${last}${this.withUsage ? usageChunk : ''}data: [DONE]\n\n`
      }
    }
  }

  #chunk(delta: Json, reason?: string, logprobs: readonly TokenLogprob[] = []): string {
    const why = reason === undefined ? null : `"${reason}"`
    const likely = logprobs.length === 0 ? null : JSON.stringify(toLogprobs(logprobs))
    return `${this.#start()}[{"index":0,"delta":${JSON.stringify(delta)},"logprobs":${likely},"finish_reason":${why}}]}\n\n`
  }

  #start(): string {
    this.#head ??= `data: ${JSON.stringify({
      id: this.id,
      object: 'chat.completion.chunk',
      created: this.created,
      model: this.#model,
    }).slice(0, -1)},"choices":`
    return this.#head
  }
}

const types: Partial<Record<LlmError['code'], string>> = {
  authentication: 'authentication_error',
  'permission-denied': 'permission_error',
  'rate-limited': 'rate_limit_error',
  'quota-exceeded': 'insufficient_quota',
  'budget-exceeded': 'insufficient_quota',
  'not-found': 'not_found_error',
  'invalid-request': 'invalid_request_error',
  'context-length': 'invalid_request_error',
  'content-filtered': 'invalid_request_error',
  unsupported: 'invalid_request_error',
  'no-route': 'invalid_request_error',
}

/** The protocol's own error codes, if it has one. */
const codes: Partial<Record<LlmError['code'], string>> = {
  'context-length': 'context_length_exceeded',
  'not-found': 'model_not_found',
  authentication: 'invalid_api_key',
}

/** An error in the protocol's own shape. */
export function toError(error: LlmError): Json {
  const code = clientCodeOf(error)
  const { message } = error
  return { error: { message, type: types[code] ?? 'server_error', param: null, code: codes[code] ?? code } }
}
