// Decodes chat completions, streamed or whole, in all their dialects.
// Source: platform.openai.com/docs/api-reference/chat, and what compatible servers do, November 2026.
import type { BackendEvent, Citation, FinishReason } from '@patchbay/core'
import { type EventDecoder, errorIn, fieldsOf, objectsIn, PendingLogprobs } from '@patchbay/core/wire'
import type { Source } from '../api.js'
import { CitedText } from '../cited-text.js'
import { fromError, notAnAnswer } from '../errors.js'
import { opaqueOf } from '../state.js'
import { toLogprobs } from './logprobs.js'
import { ReasoningReader } from './reasoning.js'
import { ToolCalls } from './tool-calls.js'
import { toUsage } from './usage.js'

type Json = Record<string, unknown>
type Emit = (event: BackendEvent) => void

interface Delta extends Json {
  content?: unknown
  refusal?: string | null
  tool_calls?: Json[] | null
  annotations?: Json[] | null
}

interface Choice {
  index?: number
  delta?: Delta
  message?: Delta
  logprobs?: unknown
  finish_reason?: string | null
  /** The reason of the service that a router asked. */
  native_finish_reason?: string | null
  error?: unknown
  usage?: Json
}

interface Chunk extends Json {
  id?: string
  model?: string
  object?: string
  error?: unknown
  choices?: Choice[]
  usage?: Json | null
  x_groq?: { usage?: Json; error?: unknown }
}

const reasons: Record<string, FinishReason> = {
  stop: 'stop',
  eos: 'stop',
  length: 'length',
  model_length: 'length',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'content-filter',
}

/**
 * Decodes the chunks of one completion. Without a finish reason there is no `finish` event: the answer was truncated. Throws for an
 * error in a chunk, and for chunks that are not of a completion.
 */
export class CompletionDecoder implements EventDecoder<unknown, BackendEvent> {
  readonly #from: Source
  readonly #calls = new ToolCalls()
  readonly #cited = new CitedText()
  readonly #reasoning = new ReasoningReader()
  readonly #logprobs = new PendingLogprobs()
  #usage: Json = {}
  #reason: string | undefined
  #refusal = ''
  #started = false
  #isReasoning = false

  constructor(from: Source) {
    this.#from = from
  }

  read(value: unknown, emit: Emit): void {
    const chunk = value as Chunk
    const { who } = this.#from
    const error = chunk?.error ? (errorIn(chunk) ?? chunk.error) : chunk?.x_groq?.error
    if (error) throw fromError(error, who, {}, { body: value })
    this.#usage = chunk?.usage ?? this.#usage
    if (!Array.isArray(chunk?.choices)) {
      // Some servers send a first or last chunk without choices.
      if (this.#started || chunk?.object === 'chat.completion.chunk') return
      throw notAnAnswer(value, who)
    }
    if (!this.#started) this.#start(chunk, emit)
    const choice = firstChoice(chunk.choices)
    this.#usage = chunk.usage ?? chunk.x_groq?.usage ?? choice?.usage ?? this.#usage
    if (choice === undefined) return
    this.#readChoice(choice, emit)
    const failure = failureOf(choice)
    if (failure !== undefined) throw fromError(failure, who, {}, { body: value })
    if (choice.finish_reason) this.#reason = choice.finish_reason
  }

  end(emit: Emit): void {
    if (this.#reason === undefined) return
    this.#endReasoning(emit)
    emit(this.#logprobs.text(''))
    this.#cited.end(emit)
    if (this.#refusal !== '') emit({ type: 'part', part: { type: 'refusal', text: this.#refusal } })
    const finishReason = reasons[this.#reason] ?? 'other'
    const isCut = finishReason === 'length' || finishReason === 'content-filter'
    this.#calls.end(finishReason === 'other' ? 'maybe' : isCut, this.#from, emit)
    emit({
      type: 'finish',
      response: { finishReason, rawFinishReason: this.#reason, usage: toUsage(this.#usage) },
    })
  }

  #start({ id, model }: Chunk, emit: Emit): void {
    const { requestId } = this.#from
    this.#started = true
    emit({ type: 'start', ...(requestId && { requestId }), ...(id && { id }), ...(model && { model }) })
  }

  #readChoice(choice: Choice, emit: Emit): void {
    const isWhole = choice.message !== undefined
    const delta: Delta = choice.delta ?? choice.message ?? {}
    const { content, refusal, annotations, tool_calls: calls } = delta
    const text = this.#reasoning.read(delta, !isWhole)
    if (text !== '') {
      this.#isReasoning = true
      this.#cited.close(emit)
      emit({ type: 'reasoning', text })
    }
    // State that comes in the middle of a text waits for the end of the text.
    if (calls?.length || (content && !this.#cited.isOpen)) this.#endReasoning(emit)
    // Some servers send those of reasoning and of calls too.
    const isText = isWhole || (text === '' && !calls?.length)
    if (choice.logprobs && isText) this.#logprobs.add(toLogprobs(choice.logprobs))
    if (typeof content === 'string')
      emit(
        choice.logprobs && content !== ''
          ? { ...this.#logprobs.text(''), ...this.#cited.text(content) }
          : this.#cited.text(content),
      )
    else if (Array.isArray(content)) this.#readParts(content, emit)
    if (typeof refusal === 'string') this.#refusal += refusal
    if (annotations) this.#cited.add(objectsIn(annotations).flatMap(toCitation))
    if (!calls) return
    if (calls.length) this.#cited.close(emit)
    this.#calls.take(calls, isWhole, emit)
  }

  /** The parts of Mistral's content lists: text and thinking. */
  #readParts(content: unknown[], emit: Emit): void {
    for (const { type, text, thinking } of objectsIn(content)) {
      if (type === 'text' && typeof text === 'string') emit(this.#cited.text(text))
      if (type === 'thinking' && Array.isArray(thinking)) {
        this.#cited.close(emit)
        emit({ type: 'reasoning', text: thinking.map((part) => fieldsOf(part).text ?? '').join('') })
      }
    }
  }

  /** Ends the reasoning so far: its state belongs to it, also where it has no text. */
  #endReasoning(emit: Emit): void {
    const state = this.#reasoning.take()
    const opaque = state && opaqueOf(this.#from, state.data, state.bound)
    if (this.#isReasoning) emit({ type: 'part-end', ...(opaque && { opaque }) })
    else if (opaque) {
      this.#cited.close(emit)
      emit({ type: 'part', part: { type: 'reasoning', text: '', opaque } })
    }
    this.#isReasoning = false
  }
}

/** The choice with the index 0, or without one. */
function firstChoice(choices: readonly unknown[]): Choice | undefined {
  for (const choice of choices)
    if (typeof choice === 'object' && choice !== null && !(choice as Choice).index) return choice as Choice
  return undefined
}

/** The error on a choice. OpenRouter and others send one for a failed upstream, in a 200 (November 2026). */
function failureOf({ error, finish_reason, native_finish_reason: native }: Choice): unknown {
  if (error) return error
  if (!native && !finish_reason) return undefined
  const failed = [native, finish_reason].find((reason) => typeof reason === 'string' && /error/i.test(reason))
  return failed && { message: `The answer ended with ${failed === 'error' ? 'an error' : failed}.` }
}

function toCitation({ url_citation: cited }: Json): Citation[] {
  const { url, title, start_index: start, end_index: end } = fieldsOf(cited)
  if (typeof url !== 'string') return []
  return [
    {
      url,
      ...(typeof title === 'string' && { title }),
      ...(typeof start === 'number' && { start }),
      ...(typeof end === 'number' && { end }),
    },
  ]
}
