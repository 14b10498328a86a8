// Writes an answer as the events of a Responses stream, or as the response that the stream ends with.
// Source: platform.openai.com/docs/api-reference/responses-streaming and /responses/object, November 2026.
import type { ChatEvent, FinishReason, LlmError, Part } from '@patchbay/core'
import { logprobsToWire } from '@patchbay/core/wire'
import { BlockSequence } from '../../answer/block-sequence.js'
import { stateOf } from '../../answer/opaque-state.js'
import { refusalIn } from '../../answer/refusal-text.js'
import { type SearchStep, WebSearches } from '../../answer/web-searches.js'
import type { Json } from '../../body/body.js'
import { StreamedLogprobs } from '../../body/logprobs.js'
import { customInput, type ToolOrigins } from '../../body/tools.js'
import { toError } from '../openai/response.js'
import { addCitations } from './citations.js'
import { toUsage } from './response-object.js'
import { newSearchId, SearchItems } from './search-items.js'

type Kind = 'message' | 'reasoning' | 'function_call' | 'custom_tool_call'

type Open = { kind: Kind; index: number; item: Json; text: string; logprobs: Json[] }

/** The reason in `incomplete_details`; `undefined` for a response that is `completed`. */
const incomplete: Record<FinishReason, string | undefined> = {
  stop: undefined,
  length: 'max_output_tokens',
  'tool-calls': undefined,
  'content-filter': 'content_filter',
  refusal: undefined,
  pause: undefined,
  other: undefined,
}

/** Writes the events of a stream: opens, streams and closes items as their content comes. */
export class ItemWriter {
  readonly #sequence = new BlockSequence()
  readonly #output: Json[] = []
  readonly #searches = new WebSearches(newSearchId)
  readonly #searchItems = new SearchItems(this.#output)
  readonly #logprobs = new StreamedLogprobs()
  #open: Open | undefined
  #number = 0
  #status = 'in_progress'
  #queued: Json[] | undefined

  /** `base` is the response without output. */
  constructor(
    private readonly base: Json,
    private readonly origins: ToolOrigins,
  ) {}

  get id(): string {
    return String(this.base.id)
  }

  /** The response so far, with the items that have begun. */
  get latest(): Json {
    return { ...this.base, status: this.#status, output: [...this.#output] }
  }

  /** The events of an answer that waits; the same ones each time. */
  queued(): Json[] {
    if (this.#queued !== undefined) return this.#queued
    const response = this.#response('queued')
    this.#queued = [
      this.#event('response.created', { response }),
      this.#event('response.queued', { response }),
    ]
    return this.#queued
  }

  /** The event that ends an answer in the background that its client has cancelled: the protocol has no other one. */
  cancelled(): Json[] {
    const lines = this.#close('incomplete')
    return [...lines, this.#event('response.failed', { response: this.#response('cancelled') })]
  }

  write(event: ChatEvent): Json[] {
    return this.#sequence.push(event).flatMap((one) => this.#events(one))
  }

  #events(event: ChatEvent): Json[] {
    switch (event.type) {
      case 'start':
        this.base.model = event.model
        return [
          ...(this.#queued !== undefined
            ? []
            : [this.#event('response.created', { response: this.#response('in_progress') })]),
          this.#event('response.in_progress', { response: this.#response('in_progress') }),
        ]
      case 'text':
        return [...this.#into('message'), this.#textDelta(event)]
      case 'reasoning':
        return [...this.#thinking(), this.#delta('response.reasoning_summary_text.delta', event.text)]
      case 'tool-call-start':
        return [...this.#close(), ...this.#beginCall(event.id, event.name)]
      case 'tool-call-delta':
        // The text of a custom tool is known at its end.
        return this.#open?.kind === 'custom_tool_call'
          ? []
          : [this.#delta('response.function_call_arguments.delta', event.json)]
      case 'tool-call': {
        if (this.#open?.kind !== 'custom_tool_call') return this.#close('completed')
        const delta = this.#delta('response.custom_tool_call_input.delta', customInput(event.input))
        return [delta, ...this.#close('completed')]
      }
      case 'part':
        return this.#part(event.part)
      case 'finish':
        return this.#finish(event)
    }
  }

  /** Takes note of an event that the service itself has written, in case that its stream breaks. */
  follow({ response, sequence_number: at }: Json): void {
    if (typeof response === 'object') Object.assign(this.base, response)
    if (typeof at === 'number') this.#number = at + 1
  }

  /** The events that end a broken stream. */
  failed(error: LlmError): Json[] {
    const { error: detail } = toError(error) as { error: Json }
    const { code, message, param } = detail
    Object.assign(this.base, { error: { code, message } })
    const response = this.#response('failed')
    return [
      this.#event('response.failed', { response }),
      // The official clients throw only what has `error` at its top, as the service's own `error` events have it (openai 6.49).
      this.#event('error', { code, message, param, error: detail }),
    ]
  }

  #finish(event: ChatEvent & { type: 'finish' }): Json[] {
    const { message, finishReason, usage } = event.response
    if (this.#open?.kind === 'message') this.#addLogprobs(event)
    const lines = [...this.#close(), ...this.#searchEvents(this.#searches.end())]
    addCitations(this.#output, message.content)
    const state = stateOf(message.content)
    if (state !== undefined)
      lines.push(...this.#begin('reasoning', { encrypted_content: state, summary: [] }), ...this.#close())
    const why = incomplete[finishReason]
    const cut = why !== undefined
    Object.assign(this.base, {
      ...(cut && { incomplete_details: { reason: why } }),
      usage: toUsage(usage),
    })
    const response = this.#response(cut ? 'incomplete' : 'completed')
    return [...lines, this.#event(cut ? 'response.incomplete' : 'response.completed', { response })]
  }

  #part(part: Part): Json[] {
    if (part.type === 'reasoning')
      return [...this.#close(), ...this.#begin('reasoning', {}), ...this.#close()]
    if (part.type === 'provider-block')
      return [...this.#close(), ...this.#searchEvents(this.#searches.of(part))]
    return refusalIn(part).flatMap((text) => [
      ...this.#close(),
      ...this.#begin('message', {}, { type: 'refusal', refusal: '' }),
      this.#delta('response.refusal.delta', text),
      ...this.#close(),
    ])
  }

  #searchEvents(steps: SearchStep[]): Json[] {
    return steps.flatMap((step) => this.#searchItems.of(step)).map(([type, more]) => this.#event(type, more))
  }

  #thinking(): Json[] {
    const opened = this.#into('reasoning')
    const part = { type: 'summary_text', text: '' }
    return opened.length === 0 ? [] : [...opened, this.#at('response.reasoning_summary_part.added', { part })]
  }

  #into(kind: Kind): Json[] {
    return this.#open?.kind === kind ? [] : [...this.#close(), ...this.#begin(kind, {})]
  }

  #beginCall(call_id: string, modelName: string): Json[] {
    const { name = modelName, namespace, isCustom } = this.origins.get(modelName) ?? {}
    return this.#begin(isCustom ? 'custom_tool_call' : 'function_call', {
      call_id,
      name,
      ...(namespace !== undefined && { namespace }),
    })
  }

  #begin(kind: Kind, more: Json, part: Json = { ...noText, annotations: [] }): Json[] {
    const index = this.#output.length
    const id = `${prefixes[kind]}_${crypto.randomUUID().replaceAll('-', '')}`
    const item: Json = { type: kind, id, status: 'in_progress', ...empty[kind], ...more }
    this.#output.push(item)
    this.#open = { kind, index, item, text: '', logprobs: [] }
    const added = this.#event('response.output_item.added', { output_index: index, item: { ...item } })
    if (kind !== 'message') return [added]
    item.content = [part]
    return [added, this.#at('response.content_part.added', { part: { ...part } })]
  }

  #delta(type: string, delta: string, more: Json = {}): Json {
    const open = this.#open as Open
    open.text += delta
    return this.#at(type, { delta, ...more })
  }

  #textDelta(event: ChatEvent & { type: 'text' }): Json {
    return this.#delta('response.output_text.delta', event.text, { logprobs: this.#addLogprobs(event) })
  }

  /** Keeps the log-probabilities of an event for the end of the open text. */
  #addLogprobs(event: ChatEvent): Json[] {
    const logprobs = logprobsToWire(this.#logprobs.of(event))
    for (const one of logprobs) this.#open?.logprobs.push(one)
    return logprobs
  }

  /** Closes the open item. A call that is closed by anything but its end was cut. */
  #close(status = this.#open !== undefined && isCall(this.#open) ? 'incomplete' : 'completed'): Json[] {
    const open = this.#open
    if (open === undefined) return []
    const { kind, index, item, text, logprobs } = open
    const lines: Json[] = []
    switch (kind) {
      case 'message': {
        const [part] = item.content as [Json]
        if (part.type === 'refusal') {
          part.refusal = text
          lines.push(this.#at('response.refusal.done', { refusal: text }))
        } else {
          Object.assign(part, { text, logprobs })
          lines.push(this.#at('response.output_text.done', { text, logprobs }))
        }
        lines.push(this.#at('response.content_part.done', { part: { ...part } }))
        break
      }
      case 'reasoning':
        if (text !== '') {
          const part = { type: 'summary_text', text }
          item.summary = [part]
          lines.push(
            this.#at('response.reasoning_summary_text.done', { text }),
            this.#at('response.reasoning_summary_part.done', { part }),
          )
        }
        break
      case 'function_call':
        item.arguments = text || (status === 'completed' ? '{}' : '')
        lines.push(
          this.#at('response.function_call_arguments.done', { name: item.name, arguments: item.arguments }),
        )
        break
      case 'custom_tool_call':
        item.input = text
        lines.push(this.#at('response.custom_tool_call_input.done', { input: text }))
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
    this.#status = status
    const hasBegun = status !== 'in_progress' && status !== 'queued'
    return { ...this.base, status, output: hasBegun ? [...this.#output] : [] }
  }
}

const noText = { type: 'output_text', text: '', annotations: [], logprobs: [] }

const empty: Record<Kind, Json> = {
  message: { role: 'assistant', content: [] },
  reasoning: { summary: [] },
  function_call: { arguments: '' },
  custom_tool_call: { input: '' },
}

/** Each of our parts is an item with one part. */
const places: Record<Kind, Json> = {
  message: { content_index: 0 },
  reasoning: { summary_index: 0 },
  function_call: {},
  custom_tool_call: {},
}

const prefixes: Record<Kind, string> = {
  message: 'msg',
  reasoning: 'rs',
  function_call: 'fc',
  custom_tool_call: 'ctc',
}

function isCall({ kind }: Open): boolean {
  return kind === 'function_call' || kind === 'custom_tool_call'
}
