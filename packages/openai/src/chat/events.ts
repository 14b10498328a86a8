// Chat Completions, streamed or whole, in all their dialects, as our events.
// Source: platform.openai.com/docs/api-reference/chat, and what compatible servers do, November 2026.
import type { BackendEvent, Citation, FinishReason, Usage } from '@patchbay/core'
import { callField, fieldsOf, objectsIn } from '@patchbay/core/wire'
import type { Source } from '../api.js'
import { fromError, notAnAnswer } from '../errors.js'
import { parseInput } from '../input.js'

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

/** A tool call on its way. */
interface OpenCall {
  index: number | undefined
  id: string
  name: string
  json: string
  announced: boolean
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
 * The events of a completion. Without a reason to stop there is no finish: the answer was cut.
 * @throws {LlmError} for an error chunk, or chunks of another service
 */
export async function* toEvents(
  chunks: AsyncIterable<unknown> | Iterable<unknown>,
  { who, requestId }: Source,
): AsyncGenerator<BackendEvent> {
  const calls: OpenCall[] = []
  const citations: Citation[] = []
  let usage: Json = {}
  let reason: string | undefined
  let refusal = ''
  let started = false
  /** The field of thinking that is being streamed. */
  let field: string | undefined

  for await (const value of chunks) {
    const chunk = value as Chunk
    const error = chunk?.error ?? chunk?.x_groq?.error
    if (error) throw fromError(error, who)
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
      yield { type: 'reasoning', text: thought.text }
    }
    if (field !== undefined && (delta.content || delta.tool_calls?.length)) {
      yield { type: 'part-end', opaque: { provider: 'openai', data: { field } } }
      field = undefined
    }
    if (typeof delta.content === 'string') yield { type: 'text', text: delta.content }
    else if (Array.isArray(delta.content)) yield* partsOf(delta.content)
    if (delta.refusal) refusal += delta.refusal
    citations.push(...objectsIn(delta.annotations).flatMap(toCitation))
    for (const [position, call] of objectsIn(delta.tool_calls).entries())
      yield* takeCall(calls, call, choice.message === undefined ? undefined : position)
    if (choice.finish_reason) reason = choice.finish_reason
  }
  if (reason === undefined) return
  if (field !== undefined) yield { type: 'part-end', opaque: { provider: 'openai', data: { field } } }
  if (citations.length > 0) yield { type: 'part-end', citations }
  if (refusal !== '') yield { type: 'part', part: { type: 'refusal', text: refusal } }
  // A call is whole only when the answer is: JSON that parses may still be half of what was meant.
  if (reason !== 'length')
    for (const call of calls) {
      callField('name', call.name)
      yield* announce(call, true)
      yield { type: 'tool-call', id: call.id, name: call.name, input: parseInput(call.json) }
    }
  yield {
    type: 'finish',
    response: { finishReason: reasons[reason] ?? 'other', rawFinishReason: reason, usage: toUsage(usage) },
  }
}

/** Thinking, and the field it came in: some servers want it back in the same one. */
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

/** Mistral's lists of text and thinking. */
function* partsOf(content: unknown[]): Generator<BackendEvent> {
  for (const { type, text, thinking } of objectsIn(content)) {
    if (type === 'text' && typeof text === 'string') yield { type: 'text', text }
    if (type === 'thinking' && Array.isArray(thinking))
      yield { type: 'reasoning', text: thinking.map((part) => fieldsOf(part).text ?? '').join('') }
  }
}

function* takeCall(
  calls: OpenCall[],
  { index, id, function: called }: WireCall,
  position: number | undefined,
): Generator<BackendEvent> {
  const { name, arguments: given } = fieldsOf(called)
  const place = position ?? index
  const ownId = id ? String(id) : undefined
  const call = openCall(calls, place, ownId)
  if (ownId !== undefined && call.id === '') call.id = ownId
  if (typeof name === 'string' && name !== '' && !call.announced && !call.name.endsWith(name))
    call.name += name
  const json =
    typeof given === 'string' ? given : given === undefined || given === null ? '' : JSON.stringify(given)
  // Some servers send the whole call again after its pieces.
  if (json === '' || (json === call.json && parses(json))) return
  call.json += json
  if (!call.announced && call.name === '') return
  const before = call.announced
  yield* announce(call, false)
  yield { type: 'tool-call-delta', id: call.id, json: before ? json : call.json }
}

/** Calls are told apart by id and by index; servers leave out either, or use an index again. */
function openCall(calls: OpenCall[], index: number | undefined, id: string | undefined): OpenCall {
  const known =
    calls.find((call) => id !== undefined && call.id === id) ??
    calls.findLast(
      (call) => index !== undefined && call.index === index && (id === undefined || call.id === ''),
    ) ??
    (index === undefined && id === undefined ? calls.at(-1) : undefined)
  if (known !== undefined) return known
  const call = { index, id: id ?? '', name: '', json: '', announced: false }
  calls.push(call)
  return call
}

function* announce(call: OpenCall, whole: boolean): Generator<BackendEvent> {
  if (call.announced) return
  if (call.id === '') call.id = `call_${crypto.randomUUID()}`
  call.announced = true
  yield { type: 'tool-call-start', id: call.id, name: call.name }
  if (whole && call.json !== '') yield { type: 'tool-call-delta', id: call.id, json: call.json }
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
    // Some servers count more thinking than output.
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
