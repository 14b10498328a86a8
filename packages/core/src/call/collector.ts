// Completes a backend's events for the caller, and collects the response from them.
import { LlmError } from '../contract/errors.js'
import type { BackendEvent, ChatEvent, StartEvent } from '../contract/events.js'
import type { Part, ReasoningPart, TextPart } from '../contract/message.js'
import type {
  ChatResponse,
  FinishReason,
  Timing,
  TokenLogprob,
  Usage,
  Warning,
} from '../contract/response.js'
import { addUsage } from '../contract/usage.js'
import { finishReasonOf, responseOf, validCounts } from './response.js'

// The longest answer, in characters of text and tool inputs; the same limit as for a body in one piece.
const longest = 64 * 1024 * 1024

interface OpenCall {
  name: string
  json: string
}

/** Collects one answer, over all its attempts. */
export class Collector {
  readonly #parts: Part[] = []
  readonly #openCalls = new Map<string, OpenCall>()
  #open: TextPart | ReasoningPart | undefined
  #start: Partial<StartEvent> = {}
  #usage: Usage = {}
  /** The usage of failed attempts. */
  #failedUsage: Usage = {}
  #length = 0
  readonly #logprobs: TokenLogprob[] = []

  constructor(
    private readonly provider: string,
    private readonly model: string,
    private readonly warnings: Warning[],
  ) {}

  /** The `start` event. */
  startEvent(): StartEvent {
    const { usage = this.usage } = this.#start
    return this.#named({ type: 'start', warnings: [...this.warnings], usage })
  }

  /**
   * Takes one event of the backend, except `finish`, and passes the resulting events to `emit`.
   * @throws {LlmError} `bad-response` for an answer above the limit
   */
  add(event: Exclude<BackendEvent, { type: 'finish' }>, emit: (event: ChatEvent) => void): void {
    switch (event.type) {
      case 'start':
        this.#start = event
        if (event.restart) {
          this.#parts.length = 0
          this.#openCalls.clear()
          this.#open = undefined
          this.#logprobs.length = 0
        }
        for (const warning of event.warnings ?? [])
          if (!this.warnings.includes(warning)) this.warnings.push(warning)
        return
      case 'text':
      case 'reasoning':
        if (event.type === 'text') for (const one of event.logprobs ?? []) this.#logprobs.push(one)
        if (event.text === '') return
        this.#grow(event.text)
        this.#openPart(event.type).text += event.text
        return emit(event)
      case 'part-end':
        if (this.#open) {
          if (event.opaque) this.#open.opaque = event.opaque
          if (event.citations && this.#open.type === 'text') this.#open.citations = event.citations
        }
        this.#open = undefined
        return
      case 'tool-call-start':
        this.#open = undefined
        this.#openCalls.set(event.id, { name: event.name, json: '' })
        return emit(event)
      case 'tool-call-delta': {
        const call = this.#openCalls.get(event.id)
        if (call === undefined || event.json === '') return
        this.#grow(event.json)
        call.json += event.json
        return emit(event)
      }
      case 'tool-call': {
        const { id, name, input, opaque } = event
        this.#open = undefined
        const announced = this.#openCalls.get(id)
        if (!announced) emit({ type: 'tool-call-start', id, name })
        if (!announced?.json) emit({ type: 'tool-call-delta', id, json: JSON.stringify(input) })
        this.#openCalls.delete(id)
        this.#parts.push({ type: 'tool-call', id, name, input, ...(opaque && { opaque }) })
        return emit({ type: 'tool-call', id, name, input })
      }
      case 'usage':
        return this.#count(event.usage)
      case 'part':
        return this.#addPart(event.part, emit)
    }
  }

  /** The response of a completed answer. */
  finish(
    final: Extract<BackendEvent, { type: 'finish' }>['response'],
    attempts: number,
    timing: Timing,
  ): ChatResponse {
    for (const { name } of this.#openCalls.values())
      this.warnings.push({
        code: 'other',
        feature: 'tools',
        message: `The answer ended inside a call of ${name}, which was left out.`,
      })
    const response = this.#response(final.finishReason, attempts, timing)
    const { message = response.message, provider = response.provider, timing: { queuedMs } = {} } = final
    this.#count(final.usage)
    const { text, reasoning, toolCalls, warnings } = response
    return Object.assign(response, final, {
      finishReason: finishReasonOf(final.finishReason, message.content),
      message,
      text,
      reasoning,
      toolCalls,
      attempts,
      usage: this.usage,
      timing: queuedMs === undefined ? timing : { ...timing, queuedMs },
      provider,
      warnings,
    })
  }

  /** The part of the answer that has arrived, for an error; `undefined` if nothing has. */
  partial(attempts: number, timing: Timing): ChatResponse | undefined {
    return this.#parts.length === 0 ? undefined : this.#response('other', attempts, timing)
  }

  /** Keeps the usage of a failed attempt; another may follow. */
  attemptFailed(): void {
    this.#failedUsage = this.usage
    this.#usage = {}
  }

  /** The usage of all attempts. */
  get usage(): Usage {
    return addUsage(this.#failedUsage, this.#usage)
  }

  #count(usage: Usage | undefined): void {
    this.#usage = Object.assign({}, this.#usage, validCounts(usage))
  }

  #grow(text: string): void {
    this.#length += text.length
    if (this.#length > longest) throw new LlmError('bad-response', 'The answer has more than 64 MiB.')
  }

  #openPart(type: 'text' | 'reasoning'): TextPart | ReasoningPart {
    if (this.#open?.type !== type) this.#parts.push((this.#open = { type, text: '' }))
    return this.#open as TextPart | ReasoningPart
  }

  #addPart(part: Part, emit: (event: ChatEvent) => void): void {
    this.#open = undefined
    if (part.type === 'tool-call') return this.add({ ...part }, emit)
    this.#parts.push(part)
    // Readers of deltas must get every word.
    if ((part.type === 'text' || part.type === 'reasoning') && part.text !== '')
      emit({ type: part.type, text: part.text })
    else emit({ type: 'part', part })
  }

  #response(finishReason: FinishReason, attempts: number, timing: Timing): ChatResponse {
    const { usage, warnings } = this
    const response: ChatResponse = this.#named(
      responseOf(this.#parts, { finishReason, usage, timing, attempts, warnings }),
    )
    if (this.#logprobs.length > 0) response.logprobs = this.#logprobs
    return response
  }

  /** With the names of the model and of the answer. */
  #named<Rest extends object>(rest: Rest) {
    const { id, requestId, model = this.model } = this.#start
    // Not spread: that costs more than the rest of a response.
    return Object.assign(rest, { provider: this.provider, model }, id && { id }, requestId && { requestId })
  }
}
