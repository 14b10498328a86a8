// Decodes answers of the Responses API, streamed or whole.
// Source: platform.openai.com/docs/api-reference/responses-streaming, November 2026.
import { type BackendEvent, type FinishReason, LlmError, type Usage } from '@patchbay/core'
import {
  CallIds,
  callField,
  fieldsOf,
  logprobsOf,
  objectsIn,
  parseInput,
  TruncatedCallGuard,
} from '@patchbay/core/wire'
import type { Source } from '../api.js'
import { fromError, notAnAnswer } from '../errors.js'
import { opaqueOf } from '../state.js'
import { annotationsOf, citationsOf } from './citations.js'
import { imageOf, isBilledSearch, serverToolUse } from './server-tools.js'

type Json = Record<string, unknown>

interface WireResponse extends Json {
  id?: string
  model?: string
  status?: string
  output?: Json[]
  error?: Json | null
  incomplete_details?: { reason?: string } | null
  usage?: Json | null
}

/** An output item that is being received. */
interface OpenItem {
  id: unknown
  callId?: string
  /** The text streamed so far. */
  text: string
  /** Log-probabilities have been streamed. */
  logprobs: boolean
  done: boolean
}

/**
 * The events of a streamed response, up to its terminal event.
 * @throws {LlmError} for an error event or a failed response
 */
export async function* fromStream(
  events: AsyncIterable<unknown>,
  from: Source,
): AsyncGenerator<BackendEvent> {
  const { who, requestId } = from
  const items = new OpenItems()
  const calls: Calls = { ids: new CallIds(), last: new TruncatedCallGuard(), searches: 0, from }
  let started = false
  for await (const value of events) {
    const event = value as Json & { type?: string; response?: WireResponse; item?: Json }
    if (!started && event?.response !== undefined) {
      started = true
      yield startOf(event.response, requestId)
    }
    switch (event?.type) {
      case 'response.output_item.added': {
        const known = items.at(event)
        const other = known.done || (known.callId !== undefined && known.id !== fieldsOf(event.item).id)
        const item = other ? items.open(event) : known
        yield* calls.last.whole()
        if (event.item?.type !== 'function_call' || item.callId !== undefined) break
        const id = calls.ids.unique(callField('id', event.item.call_id))
        item.callId = id
        yield { type: 'tool-call-start', id, name: callField('name', event.item.name) }
        break
      }
      case 'response.output_text.delta':
        yield textDelta(event, items.at(event))
        break
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        items.at(event).text += event.delta
        yield { type: 'reasoning', text: String(event.delta) }
        break
      case 'response.function_call_arguments.delta': {
        const { callId } = items.at(event)
        if (callId !== undefined) yield { type: 'tool-call-delta', id: callId, json: String(event.delta) }
        break
      }
      case 'response.output_item.done': {
        const known = items.at(event)
        // Some hosts reuse an index, or send only the done events of items.
        if (known.done && known.id === fieldsOf(event.item).id) break
        const item = known.done ? items.open(event) : known
        item.done = true
        yield* closeItem(fieldsOf(event.item), item, calls)
        break
      }
      case 'response.completed':
      case 'response.incomplete': {
        const response: WireResponse = fieldsOf(event.response)
        // Items without events of their own.
        for (const [index, item] of objectsIn(response.output).entries()) {
          const known = items.at({ output_index: index, item })
          if (!known.done) yield* closeItem(item, known, calls)
        }
        return yield* finishOf(response, calls)
      }
      case 'response.failed':
        throw fromError(event.response?.error ?? { message: 'The response failed without a reason.' }, who)
      case 'error':
        throw fromError(event.error ?? event, who)
      default:
        if (!started && event?.type === undefined)
          throw event?.error ? fromError(event.error, who) : notAnAnswer(value, who)
    }
  }
}

function textDelta({ delta, logprobs }: Json, item: OpenItem): BackendEvent {
  item.text += delta
  const read = logprobs ? logprobsOf(logprobs) : []
  item.logprobs ||= read.length > 0
  return { type: 'text', text: String(delta), ...(read.length > 0 && { logprobs: read }) }
}

/** Whether it is the last event of a response. */
export function isLast(event: unknown): boolean {
  const { type } = (event ?? {}) as { type?: unknown }
  return type === 'response.completed' || type === 'response.incomplete' || type === 'response.failed'
}

/**
 * The events of a response that came in one piece.
 * @throws {LlmError} for an error, and for a body that is not a response
 */
export async function* fromWhole(body: unknown, from: Source): AsyncGenerator<BackendEvent> {
  const { who, requestId } = from
  const response = body as WireResponse
  if (response?.error) throw fromError(response.error, who)
  if (!Array.isArray(response?.output)) throw notAnAnswer(body, who)
  yield startOf(response, requestId)
  const calls: Calls = { ids: new CallIds(), last: new TruncatedCallGuard(), searches: 0, from }
  for (const item of objectsIn(response.output)) yield* closeItem(item, newItem(item.id), calls)
  yield* finishOf(response, calls)
}

/** The events of output items alone, as they stand in a conversation. */
export function* fromItems(items: readonly object[], from: Source): Generator<BackendEvent> {
  const calls: Calls = { ids: new CallIds(), last: new TruncatedCallGuard(), searches: 0, from }
  for (const item of objectsIn(items)) yield* closeItem(item, newItem(item.id), calls)
  yield* calls.last.whole()
}

/** The items by id and by index: some hosts change ids between events, and llama.cpp's server sends no index. */
class OpenItems {
  readonly #items = new Map<unknown, OpenItem>()

  at(event: Json): OpenItem {
    const { byId, byIndex } = keysOf(event)
    return this.#items.get(byId) ?? this.#items.get(byIndex) ?? this.open(event)
  }

  open(event: Json): OpenItem {
    const { byId, byIndex } = keysOf(event)
    const item = newItem(byId)
    if (byId !== undefined) this.#items.set(byId, item)
    if (byIndex !== undefined) this.#items.set(byIndex, item)
    return item
  }
}

function keysOf({ item_id, item, output_index: byIndex }: Json): { byId: unknown; byIndex: unknown } {
  return { byId: item_id ?? fieldsOf(item).id, byIndex }
}

function newItem(id: unknown): OpenItem {
  return { id, text: '', logprobs: false, done: false }
}

interface Calls {
  ids: CallIds
  last: TruncatedCallGuard
  /** Web searches that are billed. */
  searches: number
  from: Source
}

function* closeItem(
  item: Json,
  { text: streamed, logprobs: hasLogprobs, callId }: OpenItem,
  calls: Calls,
): Generator<BackendEvent> {
  const { ids, last, from } = calls
  const opaque = (data: unknown) => opaqueOf(from, data)
  if (item.type !== 'function_call') yield* last.whole()
  switch (item.type) {
    case 'message': {
      const { id, phase } = item
      const own = {
        type: 'message',
        ...(id !== undefined && { id }),
        ...(phase !== undefined && { phase }),
      }
      const parts = objectsIn(item.content)
      // Several streamed texts are one text part, with the citations of all.
      const texts = parts.filter(({ type }) => type === 'output_text')
      for (const { text, logprobs } of texts) {
        const read = hasLogprobs ? [] : logprobsOf(logprobs)
        const rest = streamed === '' ? String(text ?? '') : ''
        if (rest !== '' || read.length > 0)
          yield { type: 'text', text: rest, ...(read.length > 0 && { logprobs: read }) }
      }
      const citations = citationsOf(texts)
      yield {
        type: 'part-end',
        opaque: opaque({ ...own, ...annotationsOf(texts) }),
        ...(citations.length > 0 && { citations }),
      }
      for (const { type, refusal } of parts)
        if (type === 'refusal') yield { type: 'part', part: { type: 'refusal', text: String(refusal) } }
      return
    }
    case 'reasoning': {
      const text = streamed || reasoningOf(item)
      if (streamed === '' && text !== '') yield { type: 'reasoning', text }
      return yield text === ''
        ? { type: 'part', part: { type: 'reasoning', text: '', opaque: opaque(item) } }
        : { type: 'part-end', opaque: opaque(item) }
    }
    case 'function_call': {
      const { id, namespace, status } = item
      const more = { ...(id !== undefined && { id }), ...(namespace !== undefined && { namespace }) }
      const call = {
        type: 'tool-call',
        id: callId ?? ids.unique(callField('id', item.call_id)),
        name: callField('name', item.name),
        input: parseInput(String(item.arguments ?? '')),
        opaque: opaque({ type: 'function_call', ...more }),
      } as const
      return yield* last.take(call, callId !== undefined, status === 'incomplete' || undefined)
    }
    default: {
      if (isBilledSearch(item)) calls.searches++
      const tool = serverToolUse(item)
      const block = { type: 'provider-block', kind: String(item.type), ...(tool && { tool }) } as const
      yield { type: 'part', part: imageOf(item, opaque) ?? { ...block, opaque: opaque(item) } }
    }
  }
}

function reasoningOf({ summary, content }: Json): string {
  const texts = (parts: unknown) =>
    objectsIn(parts)
      .map(({ text }) => text ?? '')
      .join('')
  return texts(summary) || texts(content)
}

function startOf({ id, model }: WireResponse, requestId: string | undefined): BackendEvent {
  return { type: 'start', ...(requestId && { requestId }), ...(id && { id }), ...(model && { model }) }
}

function* finishOf(
  { status, incomplete_details: details, usage }: WireResponse,
  { last, searches, from: { limit } }: Omit<Calls, 'ids'>,
): Generator<BackendEvent> {
  // llama-server and Ollama complete an answer that they have cut (November 2026).
  const isCut = typeof limit === 'number' && Number(usage?.output_tokens) >= limit
  const reason = details?.reason ?? (isCut ? 'max_output_tokens' : undefined)
  if (reason === undefined && status !== 'completed' && status !== undefined && status !== 'incomplete')
    throw new LlmError('bad-response', `The response ended with the status ${status}. Try again.`)
  const reasons: Record<string, FinishReason> = {
    max_output_tokens: 'length',
    content_filter: 'content-filter',
  }
  const finishReason = reason === undefined ? 'stop' : (reasons[reason] ?? 'other')
  const raw = reason ?? status
  yield* last.end(finishReason)
  yield {
    type: 'finish',
    response: {
      finishReason,
      ...(raw && { rawFinishReason: raw }),
      usage: { ...toUsage(usage ?? {}), ...(searches > 0 && { webSearches: searches }) },
    },
  }
}

function toUsage({
  input_tokens: input,
  output_tokens: output,
  input_tokens_details: of,
  output_tokens_details: out,
}: Json): Usage {
  // Writes are told of GPT-5.6 and later: developers.openai.com, prompt caching guide, November 2026.
  const { cached_tokens: cached, cache_write_tokens: written } = fieldsOf(of)
  const reasoning = (out as Json | null)?.reasoning_tokens
  return {
    ...(typeof input === 'number' && { inputTokens: input }),
    ...(typeof output === 'number' && { outputTokens: output }),
    ...(typeof cached === 'number' && { cachedInputTokens: cached }),
    ...(typeof written === 'number' && { cacheWriteTokens: written }),
    ...(typeof reasoning === 'number' && { reasoningTokens: reasoning }),
  }
}
