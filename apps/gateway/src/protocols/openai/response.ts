// Our answer as one of Chat Completions: whole, or as chunks of a stream.
// Source: platform.openai.com/docs/api-reference/chat/object and /streaming, November 2026.
import type { ChatEvent, ChatResponse, FinishReason, LlmError, Part, Usage } from '@patchbay/core'
import { codeOf } from '../../answer/http-status.js'
import type { Json } from '../../body/body.js'

const reasons: Record<FinishReason, string> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
  refusal: 'stop',
  pause: 'stop',
  other: 'stop',
}

export function toCompletion(response: ChatResponse, id: string, created: number): Json {
  const { text, reasoning, toolCalls, message, finishReason, model, usage } = response
  const annotations = annotationsOf(message.content)
  const refusal = message.content.map((part) => (part.type === 'refusal' ? part.text : '')).join('')
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
            tool_calls: toolCalls.map(({ id, name, input }) => ({
              id,
              type: 'function',
              function: { name, arguments: jsonOf(input) },
            })),
          }),
        },
        logprobs: null,
        finish_reason: reasons[finishReason],
      },
    ],
    usage: toUsage(usage),
  }
}

/** Arguments that are not JSON are given as the model wrote them, as a stream does. */
function jsonOf(input: unknown): string {
  const { $unparsed: written } = (input ?? {}) as { $unparsed?: unknown }
  return typeof written === 'string' ? written : JSON.stringify(input)
}

/** Sources with an address; their places are those in the whole text. A source without one has no word there. */
function annotationsOf(content: readonly Part[]): Json[] {
  let before = 0
  return content.flatMap((part) => {
    if (part.type !== 'text') return []
    const offset = before
    before += part.text.length
    return (part.citations ?? []).flatMap(({ url, title = '', start = 0, end = part.text.length }) =>
      url === undefined
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

/** What nobody has counted is 0: the protocol has no word for not knowing. */
function toUsage({ inputTokens = 0, outputTokens = 0, cachedInputTokens, reasoningTokens }: Usage): Json {
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

/** The chunks of a stream, event by event, as they are written. */
export class Chunks {
  /** The index of each call, by its id. */
  readonly #calls = new Map<string, number>()
  #started = 0
  #model: string
  /** What all chunks begin with, made once: a chunk is a few letters in many that are always the same. */
  #head: string | undefined

  constructor(
    private readonly id: string,
    private readonly created: number,
    model: string,
    private readonly withUsage: boolean,
  ) {
    this.#model = model
  }

  of(event: ChatEvent): string {
    switch (event.type) {
      case 'start':
        this.#model = event.model
        return this.#chunk({ role: 'assistant', content: '' })
      case 'text':
        return this.#chunk({ content: event.text })
      case 'reasoning':
        return this.#chunk({ reasoning_content: event.text })
      case 'tool-call-start': {
        const index = this.#started++
        this.#calls.set(event.id, index)
        const call = { index, id: event.id, type: 'function', function: { name: event.name, arguments: '' } }
        return this.#chunk({ tool_calls: [call] })
      }
      case 'tool-call-delta': {
        const call = { index: this.#calls.get(event.id) ?? 0, function: { arguments: event.json } }
        return this.#chunk({ tool_calls: [call] })
      }
      // Its pieces have been told.
      case 'tool-call':
        return ''
      case 'part':
        return event.part.type === 'refusal' ? this.#chunk({ refusal: event.part.text }) : ''
      case 'finish': {
        const { message, finishReason, usage } = event.response
        const annotations = annotationsOf(message.content)
        const cited = annotations.length > 0 ? this.#chunk({ annotations }) : ''
        const used = `${this.#before()}[],"usage":${JSON.stringify(toUsage(usage))}}\n\n`
        return `${cited}${this.#chunk({}, reasons[finishReason])}${this.withUsage ? used : ''}data: [DONE]\n\n`
      }
    }
  }

  #chunk(delta: Json, reason?: string): string {
    const why = reason === undefined ? null : `"${reason}"`
    return `${this.#before()}[{"index":0,"delta":${JSON.stringify(delta)},"logprobs":null,"finish_reason":${why}}]}\n\n`
  }

  #before(): string {
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

/** The protocol's own words, where it has some. */
const codes: Partial<Record<LlmError['code'], string>> = {
  'context-length': 'context_length_exceeded',
  'not-found': 'model_not_found',
  authentication: 'invalid_api_key',
}

/** An error in the protocol's own shape. */
export function toError(error: LlmError): Json {
  const code = codeOf(error)
  const { message } = error
  return { error: { message, type: types[code] ?? 'server_error', param: null, code: codes[code] ?? code } }
}
