// Decoder of `generateContent`: the chunks of a streamed answer, or the one of a whole answer, to events.
// Source: ai.google.dev/api/generate-content (GenerateContentResponse) and /docs/thought-signatures, November 2026.
import type { FinishReason as WireReason } from '@google/genai'
import type { BackendEvent, FinishReason, OpaqueState, Part, TokenLogprob, Warning } from '@patchbay/core'
import { CallIds, callField, fieldsOf, objectsIn, PendingLogprobs } from '@patchbay/core/wire'
import { serverToolUse } from './decode/server-tools.js'
import { toUsage } from './decode/usage.js'
import { fromBody, notAnAnswer } from './errors.js'

type Json = Record<string, unknown>

/** What is known of an answer beside its chunks. */
export interface AnswerSource {
  /** The host that answers, for the state of its parts. */
  host: string
  /** Whether citations may come at the end: the last text then ends with the answer. */
  mayCite?: boolean
  /** Reads log-probabilities, where they were asked for. */
  logprobsOf?(result: unknown): TokenLogprob[]
  warn(warning: Warning): void
}

// Typed by the official client: a new reason does not compile until it is listed.
const reasons: Record<`${WireReason}`, FinishReason> = {
  FINISH_REASON_UNSPECIFIED: 'other',
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content-filter',
  RECITATION: 'content-filter',
  LANGUAGE: 'content-filter',
  OTHER: 'other',
  BLOCKLIST: 'content-filter',
  PROHIBITED_CONTENT: 'content-filter',
  SPII: 'content-filter',
  MALFORMED_FUNCTION_CALL: 'other',
  IMAGE_SAFETY: 'content-filter',
  UNEXPECTED_TOOL_CALL: 'other',
  TOO_MANY_TOOL_CALLS: 'other',
  IMAGE_PROHIBITED_CONTENT: 'content-filter',
  NO_IMAGE: 'other',
  IMAGE_RECITATION: 'content-filter',
  IMAGE_OTHER: 'other',
  CONTINUATION: 'pause',
}

/** Whether this chunk is the last of a stream: it has the reason for the end, and the count of tokens. */
export function isLast(chunk: unknown): boolean {
  return endOf(chunk) !== undefined && fieldsOf(chunk).usageMetadata !== undefined
}

/** Why the answer ended, if this chunk says so. */
function endOf(chunk: unknown): string | undefined {
  const { candidates, promptFeedback } = fieldsOf(chunk)
  const reason = first(candidates)?.finishReason ?? fieldsOf(promptFeedback).blockReason
  return typeof reason === 'string' && reason !== '' && reason !== 'FINISH_REASON_UNSPECIFIED'
    ? reason
    : undefined
}

function first(candidates: unknown): Json | undefined {
  return objectsIn(candidates).find(({ index }) => index === undefined || index === 0)
}

/**
 * The events of an answer.
 * @throws {LlmError} for an error among the chunks, or the answer of another service
 */
export async function* fromChunks(
  chunks: AsyncIterable<unknown>,
  source: AnswerSource,
): AsyncGenerator<BackendEvent> {
  const answer = new Answer(source)
  let started = false
  for await (const chunk of chunks) {
    const { error, candidates, promptFeedback, usageMetadata } = fieldsOf(
      Array.isArray(chunk) ? chunk[0] : chunk,
    )
    if (error !== undefined) throw fromBody(chunk)
    if (!started && candidates === undefined && promptFeedback === undefined && usageMetadata === undefined)
      throw notAnAnswer(chunk)
    if (!started) {
      started = true
      yield startOf(chunk as Json)
    }
    yield* answer.take(chunk as Json)
    // What follows in the same packet is not asked for.
    if (isLast(chunk)) break
  }
  yield* answer.end()
}

/** The chunks of an answer in one piece; where a proxy has dropped `alt=sse`, they are a list. */
export async function* each(value: unknown): AsyncGenerator<unknown> {
  yield* Array.isArray(value) ? value : [value]
}

function startOf({ responseId, modelVersion }: Json): BackendEvent {
  return {
    type: 'start',
    ...(typeof responseId === 'string' && { id: responseId }),
    ...(typeof modelVersion === 'string' && { model: modelVersion }),
  }
}

class Answer {
  readonly #ids = new CallIds()
  readonly #logprobs = new PendingLogprobs()
  #open: 'text' | 'reasoning' | undefined
  #lastClosed: 'text' | 'reasoning' | undefined
  #text = ''
  #usage: Json = {}
  /** What a candidate says of the whole answer: it may come in any chunk. */
  #whole: Json = {}
  #end: string | undefined
  #hasCalls = false
  #isBlocked = false
  /** The end of a text that may still get citations, and what came after it. */
  #held: BackendEvent[] | undefined

  constructor(readonly source: AnswerSource) {}

  *take(chunk: Json): Generator<BackendEvent> {
    const { candidates, usageMetadata } = chunk
    const candidate = first(candidates)
    Object.assign(this.#usage, usageMetadata)
    this.#end = endOf(chunk) ?? this.#end
    const { blockReason, blockReasonMessage } = fieldsOf(chunk.promptFeedback)
    this.#isBlocked ||= typeof blockReason === 'string' && candidate?.finishReason === undefined
    if (typeof blockReasonMessage === 'string') this.#whole.finishMessage = blockReasonMessage
    if (candidate === undefined) return
    for (const name of ['groundingMetadata', 'urlContextMetadata', 'citationMetadata', 'finishMessage'])
      if (candidate[name] !== undefined) this.#whole[name] = candidate[name]
    this.#logprobs.add(this.source.logprobsOf?.(candidate.logprobsResult) ?? [])
    for (const part of objectsIn(fieldsOf(candidate.content).parts))
      for (const event of this.#part(part)) yield* this.#hold(event)
    // An answer that is not completed has the counts so far.
    if (usageMetadata !== undefined) yield { type: 'usage', usage: toUsage(this.#usage) }
  }

  /** Passes an event on, unless a text before it may still get citations. */
  *#hold(event: BackendEvent): Generator<BackendEvent> {
    if (this.#held !== undefined && event.type === 'text') {
      yield* this.#held
      this.#held = undefined
    }
    if (this.#held !== undefined) this.#held.push(event)
    else if (event.type === 'part-end' && this.source.mayCite && this.#lastClosed === 'text')
      this.#held = [event]
    else yield event
  }

  *#part(part: Json): Generator<BackendEvent> {
    const { thought, thoughtSignature, functionCall, inlineData } = part
    const kind = Object.keys(part).find((name) => !beside.has(name) && part[name] !== null)
    // A signature may come without anything else; nothing at all would be refused if it were sent back.
    if (kind === undefined && typeof thoughtSignature !== 'string') return
    const text = kind === undefined ? '' : part.text
    const signed = typeof thoughtSignature === 'string' && { thoughtSignature }
    if (typeof text === 'string') return yield* this.#textPart(text, thought === true, signed)
    yield* this.#close()
    if (functionCall !== undefined) {
      const { id, name, args } = fieldsOf(functionCall)
      this.#hasCalls = true
      const state = { ...(typeof id === 'string' && { id }), ...signed }
      return yield {
        type: 'tool-call',
        // Ours must be unique across turns; many models give none.
        id: this.#ids.unique(typeof id === 'string' && id !== '' ? id : `call_${crypto.randomUUID()}`),
        name: callField('name', name),
        input: args ?? {},
        ...(Object.keys(state).length > 0 && { opaque: this.#state(state) }),
      }
    }
    const media = thought === true ? undefined : toMedia(inlineData)
    const tool = serverToolUse(part)
    yield {
      type: 'part',
      part: media
        ? // Its state says that the model made it, also without a signature.
          { ...media, opaque: this.#state({ ...signed }) }
        : { type: 'provider-block', kind: String(kind), ...(tool && { tool }), opaque: this.#state(part) },
    }
  }

  *#textPart(
    text: string,
    isThought: boolean,
    signed: false | { thoughtSignature: string },
  ): Generator<BackendEvent> {
    const type = isThought ? 'reasoning' : 'text'
    // "Don't merge a part with a signature with one without." A signature often comes last, with an empty text.
    if (signed || (this.#open !== undefined && this.#open !== type)) yield* this.#close()
    if (text !== '') {
      yield isThought ? { type, text } : this.#logprobs.text(text)
      this.#open = type
      if (!isThought) this.#text += text
    }
    if (!signed) return
    const opaque = this.#state({ ...(isThought && { thought: true }), ...signed })
    this.#lastClosed = this.#open
    this.#open = undefined
    yield text === ''
      ? { type: 'part', part: { type: 'reasoning', text: '', opaque } }
      : { type: 'part-end', opaque }
  }

  /** Ends the open part. Thoughts have a state: they go back to the service that had them. */
  *#close(more: object = {}): Generator<BackendEvent> {
    this.#lastClosed = this.#open
    if (this.#open !== undefined)
      yield {
        type: 'part-end',
        ...(this.#open === 'reasoning' && { opaque: this.#state({ thought: true }) }),
        ...more,
      }
    this.#open = undefined
  }

  async *end(): AsyncGenerator<BackendEvent> {
    const { groundingMetadata, urlContextMetadata, citationMetadata } = this.#whole
    const isCited = groundingMetadata !== undefined || citationMetadata !== undefined
    const citations = isCited
      ? (await import('./decode/citations.js')).citationsOf(this.#whole, this.#text)
      : []
    const cited = citations.length > 0 ? { citations } : {}
    const [first, ...later] = this.#held ?? []
    if (first !== undefined) yield* [{ ...first, ...cited } as BackendEvent, ...later]
    yield* this.#close(this.#open === 'text' && first === undefined ? cited : {})
    const { events = [], usage = {} } =
      groundingMetadata !== undefined || urlContextMetadata !== undefined
        ? (await import('./decode/reports.js')).reportsOf(this.#whole, (data) => this.#state(data))
        : {}
    yield* events
    // Without one the stream was cut: core says so.
    if (this.#end === undefined) return
    const reason = this.#isBlocked ? 'content-filter' : (reasons[this.#end as WireReason] ?? 'other')
    const { finishMessage } = this.#whole
    if ((reason === 'other' || this.#isBlocked) && typeof finishMessage === 'string' && finishMessage !== '')
      this.source.warn({
        code: 'other',
        feature: 'model',
        message: `Gemini ended with ${this.#end}: ${finishMessage}`,
      })
    yield {
      type: 'finish',
      response: {
        finishReason: reason === 'stop' && this.#hasCalls ? 'tool-calls' : reason,
        rawFinishReason: this.#end,
        usage: { ...toUsage(this.#usage), ...usage },
      },
    }
  }

  #state(data: Json): OpaqueState {
    return { provider: 'gemini', host: this.source.host, data }
  }
}

/** Fields of a part beside its content. */
const beside = new Set(['thought', 'thoughtSignature', 'partMetadata', 'videoMetadata', 'mediaResolution'])

function toMedia(inlineData: unknown): Extract<Part, { type: 'image' | 'audio' | 'file' }> | undefined {
  const { mimeType, data } = fieldsOf(inlineData)
  if (typeof mimeType !== 'string' || typeof data !== 'string') return undefined
  const type = mimeType.startsWith('image/') ? 'image' : mimeType.startsWith('audio/') ? 'audio' : 'file'
  return { type, data, mediaType: mimeType }
}
