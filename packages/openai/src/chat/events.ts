// Decodes chat completions, streamed or whole, in all their dialects.
// Source: platform.openai.com/docs/api-reference/chat, and what compatible servers do, November 2026.
import type { BackendEvent, Citation, FinishReason } from '@patchbay/core'
import {
  CallIds,
  callField,
  errorIn,
  fieldsOf,
  objectsIn,
  PendingLogprobs,
  parseInput,
} from '@patchbay/core/wire'
import type { Source } from '../api.js'
import { CitedText } from '../cited-text.js'
import { fromError, notAnAnswer } from '../errors.js'
import { opaqueOf } from '../state.js'
import { toLogprobs } from './logprobs.js'
import { ReasoningReader } from './reasoning.js'
import { toUsage } from './usage.js'

type Json = Record<string, unknown>

interface Delta extends Json {
  content?: unknown
  refusal?: string | null
  tool_calls?: WireCall[] | null
  annotations?: Json[]
}

interface WireCall {
  index?: number
  id?: string | null
  function?: { name?: string | null; arguments?: unknown }
  /** Google's: the thought signature. */
  extra_content?: unknown
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

/** A tool call that is being received. */
interface OpenCall {
  index: number | undefined
  /** The service's id. */
  id: string | undefined
  /** The unique id in our events, set when the call is announced. */
  ownId: string
  name: string
  json: string
  announced: boolean
  extra: unknown
}

/** The calls of an answer; the maps hold the latest call of each index and id. */
interface OpenCalls {
  all: OpenCall[]
  byIndex: Map<number, OpenCall>
  byId: Map<string, OpenCall>
  ids: CallIds
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
 * The events of a completion. Without a finish reason there is no `finish` event: the answer was truncated.
 * @throws {LlmError} for an error in a chunk, and for chunks that are not of a completion
 */
export async function* toEvents(
  chunks: AsyncIterable<unknown> | Iterable<unknown>,
  from: Source,
): AsyncGenerator<BackendEvent> {
  const { who, requestId } = from
  const calls: OpenCalls = { all: [], byIndex: new Map(), byId: new Map(), ids: new CallIds() }
  const cited = new CitedText()
  const reasoning = new ReasoningReader()
  const logprobs = new PendingLogprobs()
  let usage: Json = {}
  let reason: string | undefined
  let refusal = ''
  let started = false
  let isReasoning = false
  /** Ends the reasoning so far: its state belongs to it, also where it has no text. */
  function* endReasoning(): Generator<BackendEvent> {
    const state = reasoning.take()
    const opaque = state && opaqueOf(from, state.data, state.bound)
    if (isReasoning) yield { type: 'part-end', ...(opaque && { opaque }) }
    else if (opaque) {
      yield* cited.close()
      yield { type: 'part', part: { type: 'reasoning', text: '', opaque } }
    }
    isReasoning = false
  }

  for await (const value of chunks) {
    const chunk = value as Chunk
    const error = chunk?.error ? (errorIn(chunk) ?? chunk.error) : chunk?.x_groq?.error
    if (error) throw fromError(error, who, {}, { body: value })
    usage = chunk?.usage ?? usage
    if (!Array.isArray(chunk?.choices)) {
      // Some servers send a first or last chunk without choices.
      if (started || chunk?.object === 'chat.completion.chunk') continue
      throw notAnAnswer(value, who)
    }
    if (!started)
      yield {
        type: 'start',
        ...(requestId && { requestId }),
        ...(chunk.id && { id: chunk.id }),
        ...(chunk.model && { model: chunk.model }),
      }
    started = true
    const choice: Choice | undefined = objectsIn(chunk.choices).find(({ index }) => !index)
    usage = chunk.usage ?? chunk.x_groq?.usage ?? choice?.usage ?? usage
    if (choice === undefined) continue
    const delta: Delta = choice.delta ?? choice.message ?? {}
    const text = reasoning.read(delta, choice.message === undefined)
    if (text !== '') {
      isReasoning = true
      yield* cited.close()
      yield { type: 'reasoning', text }
    }
    // State that comes in the middle of a text waits for the end of the text.
    if (delta.tool_calls?.length || (delta.content && !cited.isOpen)) yield* endReasoning()
    // Some servers send those of reasoning and of calls too.
    const isText = choice.message !== undefined || (text === '' && !delta.tool_calls?.length)
    if (choice.logprobs && isText) logprobs.add(toLogprobs(choice.logprobs))
    if (typeof delta.content === 'string')
      yield choice.logprobs && delta.content !== ''
        ? { ...logprobs.text(''), ...cited.text(delta.content) }
        : cited.text(delta.content)
    else if (Array.isArray(delta.content)) yield* partsOf(delta.content, cited)
    if (typeof delta.refusal === 'string') refusal += delta.refusal
    cited.add(objectsIn(delta.annotations).flatMap(toCitation))
    if (delta.tool_calls?.length) yield* cited.close()
    for (const [position, call] of objectsIn(delta.tool_calls).entries())
      yield* takeCall(calls, call, choice.message === undefined ? undefined : position)
    const failure = failureOf(choice)
    if (failure !== undefined) throw fromError(failure, who, {}, { body: value })
    if (choice.finish_reason) reason = choice.finish_reason
  }
  if (reason === undefined) return
  yield* endReasoning()
  yield logprobs.text('')
  yield* cited.end()
  if (refusal !== '') yield { type: 'part', part: { type: 'refusal', text: refusal } }
  const finishReason = reasons[reason] ?? 'other'
  for (const call of calls.all) {
    // In a truncated answer a call may be truncated too, even if its JSON parses. The response then has a warning.
    const cut = finishReason === 'length' || finishReason === 'content-filter'
    const truncated = cut || (finishReason === 'other' && !parses(call.json))
    if (!truncated) callField('name', call.name)
    if (call.name !== '') yield* announce(calls, call, true)
    if (truncated) continue
    yield {
      type: 'tool-call',
      id: call.ownId,
      name: call.name,
      input: parseInput(call.json),
      ...(call.extra !== undefined && { opaque: opaqueOf(from, { extra_content: call.extra }) }),
    }
  }
  yield {
    type: 'finish',
    response: { finishReason, rawFinishReason: reason, usage: toUsage(usage) },
  }
}

/** The error on a choice. OpenRouter and others send one for a failed upstream, in a 200 (November 2026). */
function failureOf({ error, finish_reason, native_finish_reason: native }: Choice): unknown {
  if (error) return error
  const failed = [native, finish_reason].find((reason) => typeof reason === 'string' && /error/i.test(reason))
  return failed && { message: `The answer ended with ${failed === 'error' ? 'an error' : failed}.` }
}

/** The parts of Mistral's content lists: text and thinking. */
function* partsOf(content: unknown[], cited: CitedText): Generator<BackendEvent> {
  for (const { type, text, thinking } of objectsIn(content)) {
    if (type === 'text' && typeof text === 'string') yield cited.text(text)
    if (type === 'thinking' && Array.isArray(thinking)) {
      yield* cited.close()
      yield { type: 'reasoning', text: thinking.map((part) => fieldsOf(part).text ?? '').join('') }
    }
  }
}

function* takeCall(
  calls: OpenCalls,
  { index, id: given, function: called, extra_content: extra }: WireCall,
  position: number | undefined,
): Generator<BackendEvent> {
  const { name, arguments: input } = fieldsOf(called)
  const id = given ? String(given) : undefined
  const json =
    typeof input === 'string' ? input : input === undefined || input === null ? '' : JSON.stringify(input)
  const known = knownCall(calls, position ?? index, id)
  // Some servers repeat the whole call after its pieces; others give the next call the same id and index.
  const again = known !== undefined && !!name && json.startsWith('{') && isWhole(known.json)
  if (again && json === known.json && name === known.name) return
  const call = known === undefined || again ? openCall(calls, position ?? index, id) : known
  if (id !== undefined && call.id === undefined) {
    call.id = id
    calls.byId.set(id, call)
  }
  if (typeof name === 'string' && name !== '' && !call.announced && !call.name.endsWith(name))
    call.name += name
  call.json += json
  call.extra ??= extra ?? undefined
  if (json === '' || (!call.announced && call.name === '')) return
  const before = call.announced
  yield* announce(calls, call, false)
  yield { type: 'tool-call-delta', id: call.ownId, json: before ? json : call.json }
}

/** The call that a piece belongs to, by index and id. Servers omit either, or reuse one for another call. */
function knownCall(
  calls: OpenCalls,
  index: number | undefined,
  id: string | undefined,
): OpenCall | undefined {
  if (index === undefined && id === undefined) return calls.all.at(-1)
  const there = index === undefined ? undefined : calls.byIndex.get(index)
  if (there !== undefined && (id === undefined || there.id === undefined || there.id === id)) return there
  const named = id === undefined ? undefined : calls.byId.get(id)
  // The same id at another index is another call.
  return named !== undefined && (index === undefined || named.index === undefined) ? named : undefined
}

function openCall(calls: OpenCalls, index: number | undefined, id: string | undefined): OpenCall {
  const call = { index, id, ownId: '', name: '', json: '', announced: false, extra: undefined }
  calls.all.push(call)
  if (index !== undefined) calls.byIndex.set(index, call)
  if (id !== undefined) calls.byId.set(id, call)
  return call
}

function* announce(calls: OpenCalls, call: OpenCall, whole: boolean): Generator<BackendEvent> {
  if (call.announced) return
  call.ownId = calls.ids.unique(call.id ?? `call_${crypto.randomUUID()}`)
  call.announced = true
  yield { type: 'tool-call-start', id: call.ownId, name: call.name }
  if (whole && call.json !== '') yield { type: 'tool-call-delta', id: call.ownId, json: call.json }
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

function parses(json: string): boolean {
  try {
    JSON.parse(json)
    return true
  } catch {
    return false
  }
}

/** Whether it is a whole JSON object. Called for every piece with a name, so the last character is checked first. */
function isWhole(json: string): boolean {
  return json.at(-1) === '}' && parses(json)
}
