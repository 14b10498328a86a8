// Our answer as a response of the Responses API: the events of a stream, or the response they end with.
// Source: platform.openai.com/docs/api-reference/responses-streaming and /responses/object, November 2026.
import type { ChatEvent, ChatResponse, Citation, LlmError, Part, Usage } from '@patchbay/core'
import { Sequence } from '../../answer/block-sequence.js'
import { stateOf } from '../../answer/opaque-state.js'
import type { Json } from '../../body/body.js'
import { toError } from '../openai/response.js'

type Kind = 'message' | 'reasoning' | 'function_call'
type Open = { kind: Kind; index: number; item: Json; said: string }

/** Items as they are made: opened, streamed and closed as what they hold comes. */
export class Items {
  readonly #sequence = new Sequence()
  readonly #output: Json[] = []
  #open: Open | undefined
  #number = 0

  /** `base` is the response before it has anything to say. */
  constructor(private readonly base: Json) {}

  of(event: ChatEvent): Json[] {
    return this.#sequence.of(event).flatMap((one) => this.#told(one))
  }

  #told(event: ChatEvent): Json[] {
    switch (event.type) {
      case 'start':
        this.base.model = event.model
        return [
          this.#event('response.created', { response: this.#response('in_progress') }),
          this.#event('response.in_progress', { response: this.#response('in_progress') }),
        ]
      case 'text':
        return [...this.#into('message'), this.#delta('response.output_text.delta', event.text)]
      case 'reasoning':
        return [...this.#thinking(), this.#delta('response.reasoning_summary_text.delta', event.text)]
      case 'tool-call-start':
        return [...this.#close(), ...this.#begin('function_call', { call_id: event.id, name: event.name })]
      case 'tool-call-delta':
        return [this.#delta('response.function_call_arguments.delta', event.json)]
      case 'tool-call':
        return this.#close('completed')
      case 'part':
        return this.#part(event.part)
      case 'finish':
        return this.#finish(event.response)
    }
  }

  /** A stream that breaks on the way. */
  failed(error: LlmError): Json[] {
    const { error: told } = toError(error) as { error: Json }
    const { code, message, param } = told
    const response = { ...this.#response('failed'), error: { code, message } }
    return [
      this.#event('response.failed', { response }),
      // The official clients throw only what has `error` at its top, as the service's own `error` events have it (openai 6.49).
      this.#event('error', { code, message, param, error: told }),
    ]
  }

  #finish({ message, finishReason, usage }: ChatResponse): Json[] {
    const lines = this.#close()
    this.#cite(message.content)
    const state = stateOf(message.content)
    if (state !== undefined)
      lines.push(...this.#begin('reasoning', { encrypted_content: state, summary: [] }), ...this.#close())
    const why = finishReason === 'length' ? 'max_output_tokens' : 'content_filter'
    const cut = finishReason === 'length' || finishReason === 'content-filter'
    const response = {
      ...this.#response(cut ? 'incomplete' : 'completed'),
      ...(cut && { incomplete_details: { reason: why } }),
      usage: toUsage(usage),
    }
    return [...lines, this.#event(cut ? 'response.incomplete' : 'response.completed', { response })]
  }

  /** What texts cite is known when they are whole. Texts that follow each other were told as one. */
  #cite(content: readonly Part[]): void {
    const texts = this.#output.flatMap(({ type, content }) => (type === 'message' ? (content as Json[]) : []))
    let at = -1
    let before = 0
    for (const [index, part] of content.entries()) {
      if (part.type !== 'text' && part.type !== 'refusal') continue
      const goesOn = part.type === 'text' && isText(content[index - 1])
      if (!goesOn) [at, before] = [at + 1, 0]
      const text = texts[at]
      if (part.type === 'text' && text !== undefined)
        (text.annotations as Json[]).push(
          ...(part.citations ?? []).flatMap((one) => toAnnotation(one, before, part.text.length)),
        )
      before += part.text.length
    }
  }

  #part(part: Part): Json[] {
    if (part.type === 'reasoning')
      return [...this.#close(), ...this.#begin('reasoning', {}), ...this.#close()]
    if (part.type !== 'refusal') return []
    return [
      ...this.#close(),
      ...this.#begin('message', {}, { type: 'refusal', refusal: '' }),
      this.#delta('response.refusal.delta', part.text),
      ...this.#close(),
    ]
  }

  #thinking(): Json[] {
    const opened = this.#into('reasoning')
    const part = { type: 'summary_text', text: '' }
    return opened.length === 0 ? [] : [...opened, this.#at('response.reasoning_summary_part.added', { part })]
  }

  #into(kind: Kind): Json[] {
    return this.#open?.kind === kind ? [] : [...this.#close(), ...this.#begin(kind, {})]
  }

  #begin(kind: Kind, more: Json, part: Json = { ...noText, annotations: [] }): Json[] {
    const index = this.#output.length
    const id = `${prefixes[kind]}_${crypto.randomUUID().replaceAll('-', '')}`
    const item: Json = { type: kind, id, status: 'in_progress', ...empty[kind], ...more }
    this.#output.push(item)
    this.#open = { kind, index, item, said: '' }
    const added = this.#event('response.output_item.added', { output_index: index, item: { ...item } })
    if (kind !== 'message') return [added]
    item.content = [part]
    return [added, this.#at('response.content_part.added', { part: { ...part } })]
  }

  #delta(type: string, delta: string): Json {
    const open = this.#open as Open
    open.said += delta
    return this.#at(type, { delta, ...(type === 'response.output_text.delta' && { logprobs: [] }) })
  }

  /** A call that is closed by anything else than its end was cut. */
  #close(status = this.#open?.kind === 'function_call' ? 'incomplete' : 'completed'): Json[] {
    const open = this.#open
    if (open === undefined) return []
    const { kind, index, item, said } = open
    const lines: Json[] = []
    switch (kind) {
      case 'message': {
        const [part] = item.content as [Json]
        if (part.type === 'refusal') {
          part.refusal = said
          lines.push(this.#at('response.refusal.done', { refusal: said }))
        } else {
          part.text = said
          lines.push(this.#at('response.output_text.done', { text: said, logprobs: [] }))
        }
        lines.push(this.#at('response.content_part.done', { part: { ...part } }))
        break
      }
      case 'reasoning':
        if (said !== '') {
          const part = { type: 'summary_text', text: said }
          item.summary = [part]
          lines.push(
            this.#at('response.reasoning_summary_text.done', { text: said }),
            this.#at('response.reasoning_summary_part.done', { part }),
          )
        }
        break
      case 'function_call':
        item.arguments = said || (status === 'completed' ? '{}' : '')
        lines.push(
          this.#at('response.function_call_arguments.done', { name: item.name, arguments: item.arguments }),
        )
    }
    item.status = status
    this.#open = undefined
    return [...lines, this.#event('response.output_item.done', { output_index: index, item: { ...item } })]
  }

  #at(type: string, more: Json): Json {
    const { kind, index, item } = this.#open as Open
    return this.#event(type, { item_id: item.id, output_index: index, ...places[kind], ...more })
  }

  #event(type: string, more: Json): Json {
    return { type, sequence_number: this.#number++, ...more }
  }

  #response(status: string): Json {
    return { ...this.base, status, output: status === 'in_progress' ? [] : [...this.#output] }
  }
}

const noText = { type: 'output_text', text: '', annotations: [], logprobs: [] }
const empty: Record<Kind, Json> = {
  message: { role: 'assistant', content: [] },
  reasoning: { summary: [] },
  function_call: { arguments: '' },
}
/** Each of our parts is an item of one part. */
const places: Record<Kind, Json> = {
  message: { content_index: 0 },
  reasoning: { summary_index: 0 },
  function_call: {},
}
const prefixes: Record<Kind, string> = { message: 'msg', reasoning: 'rs', function_call: 'fc' }

/** The response before it has anything to say: what was asked, as the service says it again. */
export function toBase(body: Json, id: string, model: string): Json {
  const { reasoning, text } = body as { reasoning?: Json; text?: Json }
  return {
    id,
    object: 'response',
    created_at: Math.floor(Date.now() / 1000),
    status: 'in_progress',
    background: false,
    error: null,
    incomplete_details: null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    model,
    output: [],
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    reasoning: { effort: reasoning?.effort ?? null, summary: reasoning?.summary ?? null },
    store: body.store !== false,
    temperature: body.temperature ?? null,
    text: { format: text?.format ?? { type: 'text' } },
    tool_choice: body.tool_choice ?? 'auto',
    tools: body.tools ?? [],
    top_p: body.top_p ?? null,
    truncation: 'disabled',
    usage: null,
    user: body.user ?? null,
    metadata: body.metadata ?? {},
  }
}

/** What nobody has counted is 0: the protocol has no word for not knowing. */
function toUsage({
  inputTokens = 0,
  outputTokens = 0,
  cachedInputTokens = 0,
  reasoningTokens = 0,
}: Usage): Json {
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cachedInputTokens },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: inputTokens + outputTokens,
  }
}

/** A source without an address has no word there; one that does not say where stands for its whole text. */
function toAnnotation({ url, title = '', start = 0, end }: Citation, before: number, length: number): Json[] {
  if (url === undefined) return []
  return [
    { type: 'url_citation', url, title, start_index: before + start, end_index: before + (end ?? length) },
  ]
}

function isText(part: Part | undefined): boolean {
  return part?.type === 'text'
}
