// From a backend's events to the caller's: fills in what backends may leave out, and collects the whole response.
import { LlmError } from '../contract/errors.js'
import type { BackendEvent, ChatEvent, StartEvent } from '../contract/events.js'
import type { Part, ReasoningPart, TextPart } from '../contract/message.js'
import type { ChatResponse, FinishReason, Usage, Warning } from '../contract/response.js'
import { sum } from '../contract/usage.js'

/** When the first piece and the end came, for the response's timing. */
export interface Moments {
  firstTokenMs: number
  totalMs: number
}

// The longest answer, in characters of text and tool inputs: the same limit as for a body in one piece.
const longest = 64 * 1024 * 1024

interface OpenCall {
  name: string
  json: string
}

export class Collector {
  readonly #parts: Part[] = []
  readonly #openCalls = new Map<string, OpenCall>()
  #open: TextPart | ReasoningPart | undefined
  #start: Partial<StartEvent> = {}
  #usage: Usage = {}
  /** Usage of failed attempts. */
  #lost: Usage = {}
  #length = 0

  constructor(
    private readonly provider: string,
    private readonly model: string,
    private readonly warnings: Warning[],
  ) {}

  /** The caller's first event. */
  startEvent(): StartEvent {
    const { id, requestId, model = this.model } = this.#start
    return {
      type: 'start',
      provider: this.provider,
      model,
      ...(id && { id }),
      ...(requestId && { requestId }),
      warnings: [...this.warnings],
    }
  }

  /**
   * Takes one event of the backend (all but `finish`) and passes the caller's events for it to `emit`.
   * @throws {LlmError} `bad-response` for an answer above the limit
   */
  add(event: Exclude<BackendEvent, { type: 'finish' }>, emit: (event: ChatEvent) => void): void {
    switch (event.type) {
      case 'start':
        this.#start = event
        for (const warning of event.warnings ?? [])
          if (!this.warnings.includes(warning)) this.warnings.push(warning)
        return
      case 'text':
      case 'reasoning':
        if (event.text === '') return
        this.#grow(event.text)
        this.#openPart(event.type).text += event.text
        return emit(event)
      case 'part-end':
        if (this.#open !== undefined) {
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
        if (announced === undefined) emit({ type: 'tool-call-start', id, name })
        if (!announced?.json) emit({ type: 'tool-call-delta', id, json: JSON.stringify(input) })
        this.#openCalls.delete(id)
        this.#parts.push({ type: 'tool-call', id, name, input, ...(opaque && { opaque }) })
        return emit({ type: 'tool-call', id, name, input })
      }
      case 'usage':
        this.#usage = { ...this.#usage, ...soundUsage(event.usage) }
        return
      case 'part':
        return this.#addPart(event.part, emit)
    }
  }

  /** The response of a call that ended well. */
  finish(
    given: Extract<BackendEvent, { type: 'finish' }>['response'],
    attempts: number,
    moments: Moments,
  ): ChatResponse {
    for (const { name } of this.#openCalls.values())
      this.warnings.push({
        code: 'other',
        feature: 'tools',
        message: `The answer ended inside a call of ${name}; the unfinished call was left out.`,
      })
    const response = this.#response(given.finishReason, attempts, moments)
    const { message = response.message, timing, provider = response.provider } = given
    this.#usage = { ...this.#usage, ...soundUsage(given.usage ?? {}) }
    const { text, reasoning, toolCalls, warnings } = response
    return Object.assign(response, given, {
      // What is in the message decides: servers say 'stop' although there are calls, or name server-side calls.
      finishReason: settledReason(given.finishReason, message.content),
      message,
      text,
      reasoning,
      toolCalls,
      attempts,
      usage: this.usage,
      timing: { ...moments, ...(timing?.queuedMs !== undefined && { queuedMs: timing.queuedMs }) },
      provider,
      warnings,
    })
  }

  /** What had arrived, for the error of a call that broke; `undefined` when nothing had. */
  partial(attempts: number, moments: Moments): ChatResponse | undefined {
    return this.#parts.length === 0 ? undefined : this.#response('other', attempts, moments)
  }

  /** The attempt failed, and another one may follow. */
  failed(): void {
    this.#lost = this.usage
    this.#usage = {}
  }

  /** Usage of all attempts. */
  get usage(): Usage {
    return sum(this.#lost, this.#usage)
  }

  #grow(text: string): void {
    this.#length += text.length
    if (this.#length > longest) throw new LlmError('bad-response', 'The answer has more than 64 MiB.')
  }

  #openPart(type: 'text' | 'reasoning'): TextPart | ReasoningPart {
    if (this.#open?.type === type) return this.#open
    const part = { type, text: '' }
    this.#open = part
    this.#parts.push(part)
    return part
  }

  #addPart(part: Part, emit: (event: ChatEvent) => void): void {
    this.#open = undefined
    if (part.type === 'tool-call') return this.add({ ...part }, emit)
    this.#parts.push(part)
    // Whoever shows only the deltas must still see every word.
    if ((part.type === 'text' || part.type === 'reasoning') && part.text !== '')
      emit({ type: part.type, text: part.text })
    else emit({ type: 'part', part })
  }

  #response(finishReason: FinishReason, attempts: number, timing: Moments): ChatResponse {
    const { id, requestId, model = this.model } = this.#start
    return {
      message: { role: 'assistant', content: this.#parts },
      text: joined(this.#parts, 'text'),
      reasoning: joined(this.#parts, 'reasoning'),
      toolCalls: this.#parts.flatMap((part) =>
        part.type === 'tool-call' ? [{ id: part.id, name: part.name, input: part.input }] : [],
      ),
      finishReason,
      usage: this.usage,
      timing,
      attempts,
      provider: this.provider,
      model,
      ...(id && { id }),
      ...(requestId && { requestId }),
      warnings: this.warnings,
    }
  }
}

function joined(parts: Part[], type: 'text' | 'reasoning'): string {
  let text = ''
  for (const part of parts) if (part.type === type) text += part.text
  return text
}

function settledReason(reason: FinishReason, parts: Part[]): FinishReason {
  if (reason !== 'stop' && reason !== 'tool-calls') return reason
  if (parts.some((part) => part.type === 'tool-call')) return 'tool-calls'
  return parts.some((part) => part.type === 'refusal') ? 'refusal' : 'stop'
}

function soundUsage(usage: Usage): Usage {
  return Object.fromEntries(Object.entries(usage).filter(([, count]) => Number.isFinite(count) && count >= 0))
}
