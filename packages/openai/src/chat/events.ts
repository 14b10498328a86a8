// Decodes chat completions, streamed or whole, in all their dialects.
// Source: platform.openai.com/docs/api-reference/chat, and what compatible servers do, November 2026.
import type { BackendEvent, Citation, FinishReason, Usage } from '@patchbay/core'
import { CallIds, callField, errorIn, fieldsOf, objectsIn, parseInput } from '@patchbay/core/wire'
import type { Source } from '../api.js'
import { CitedText } from '../cited-text.js'
import { fromError, notAnAnswer } from '../errors.js'

type Json = Record<string, unknown>

interface Delta {
  content?: unknown
  reasoning_content?: unknown
  reasoning?: unknown
  reasoning_details?: Json[]
  refusal?: string | null
  tool_calls?: WireCall[] | null
  annotations?: Json[]
}

interface WireCall {
  index?: number
  id?: string | null
  function?: { name?: string | null; arguments?: unknown }
}

interface Choice {
  index?: number
  delta?: Delta
  message?: Delta
  finish_reason?: string | null
  error?: unknown
  usage?: Json
}

interface Chunk extends Json {
  id?: string
  model?: string
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
  { who, requestId }: Source,
): AsyncGenerator<BackendEvent> {
  const calls: OpenCalls = { all: [], byIndex: new Map(), byId: new Map(), ids: new CallIds() }
  const cited = new CitedText()
  let usage: Json = {}
  let reason: string | undefined
  let refusal = ''
  let started = false
  /** The field of the reasoning that is being streamed. */
  let field: string | undefined

  for await (const value of chunks) {
    const chunk = value as Chunk
    const error = chunk?.error ? (errorIn(chunk) ?? chunk.error) : chunk?.x_groq?.error
    if (error) throw fromError(error, who, {}, { body: value })
    if (!Array.isArray(chunk?.choices)) {
      if (started) continue
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
    const delta = choice.delta ?? choice.message ?? {}
    const thought = thoughtOf(delta)
    if (thought !== undefined) {
      field = thought.field
      yield* cited.close()
      yield { type: 'reasoning', text: thought.text }
    }
    if (field !== undefined && (delta.content || delta.tool_calls?.length)) {
      yield { type: 'part-end', opaque: { provider: 'openai', data: { field } } }
      field = undefined
    }
    if (typeof delta.content === 'string') yield cited.text(delta.content)
    else if (Array.isArray(delta.content)) yield* partsOf(delta.content, cited)
    if (typeof delta.refusal === 'string') refusal += delta.refusal
    cited.add(objectsIn(delta.annotations).flatMap(toCitation))
    if (delta.tool_calls?.length) yield* cited.close()
    for (const [position, call] of objectsIn(delta.tool_calls).entries())
      yield* takeCall(calls, call, choice.message === undefined ? undefined : position)
    // OpenRouter reports a failed upstream this way (November 2026).
    if (choice.error || choice.finish_reason === 'error')
      throw fromError(
        choice.error || { message: 'The answer ended with an error.' },
        who,
        {},
        { body: value },
      )
    if (choice.finish_reason) reason = choice.finish_reason
  }
  if (reason === undefined) return
  if (field !== undefined) yield { type: 'part-end', opaque: { provider: 'openai', data: { field } } }
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
    yield { type: 'tool-call', id: call.ownId, name: call.name, input: parseInput(call.json) }
  }
  yield {
    type: 'finish',
    response: { finishReason, rawFinishReason: reason, usage: toUsage(usage) },
  }
}

/** Reasoning, and its field: some servers expect it back in the same one. */
function thoughtOf({
  reasoning_content,
  reasoning,
  reasoning_details,
}: Delta): { text: string; field: string } | undefined {
  if (typeof reasoning_content === 'string' && reasoning_content !== '')
    return { text: reasoning_content, field: 'reasoning_content' }
  if (typeof reasoning === 'string' && reasoning !== '') return { text: reasoning, field: 'reasoning' }
  const text = objectsIn(reasoning_details)
    .map(({ text, summary }) => text ?? summary ?? '')
    .join('')
  return text ? { text, field: 'reasoning' } : undefined
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
  { index, id: given, function: called }: WireCall,
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
  const call = { index, id, ownId: '', name: '', json: '', announced: false }
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

function toUsage(raw: Json): Usage {
  const number = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined)
  const inputTokens = number(raw.prompt_tokens)
  const outputTokens = number(raw.completion_tokens)
  const cached = number(
    (raw.prompt_tokens_details as Json | null)?.cached_tokens ??
      raw.prompt_cache_hit_tokens ??
      raw.cached_tokens,
  )
  const reasoning = number((raw.completion_tokens_details as Json | null)?.reasoning_tokens)
  return {
    ...(inputTokens !== undefined && { inputTokens }),
    ...(outputTokens !== undefined && { outputTokens }),
    ...(cached !== undefined && { cachedInputTokens: cached }),
    // Some servers count more reasoning than output.
    ...(reasoning !== undefined && { reasoningTokens: Math.min(reasoning, outputTokens ?? reasoning) }),
  }
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
