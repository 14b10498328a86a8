// Decoder of the Messages API: a streamed or whole message to events.
// Source: platform.claude.com/docs/en/build-with-claude/streaming and /en/api/messages, November 2026.
import type { BackendEvent, FinishReason, OpaqueState, Usage } from '@patchbay/core'
import { CallIds, callField, fieldsOf, objectsIn, parseInput, TruncatedCallGuard } from '@patchbay/core/wire'
import { toCitation } from './citations.js'
import { fromBody, notAnAnswer } from './errors.js'
import { mergeUsage, toUsage } from './usage.js'

type Json = Record<string, unknown>

interface WireMessage {
  id?: string
  model?: string
  content?: Json[]
  stop_reason?: string | null
  stop_sequence?: string | null
  usage?: Json
}

/** A content block that is still streaming. */
interface OpenBlock {
  block: Json
  /** All deltas so far: text, thinking, or the JSON of an input. */
  content: string
  signature: string
  citations: Json[]
}

/** Where an answer comes from. Its state goes back only there. */
export interface AnswerSource {
  host: string
  /** The model, where the service lets no other one read its thinking. */
  thinkingModel?: string
  requestId?: string
}

const reasons: Record<string, FinishReason> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool-calls',
  pause_turn: 'pause',
  refusal: 'refusal',
}

/** Whether this event is the last of a stream. */
export function isLast(event: unknown): boolean {
  return (event as { type?: unknown } | null)?.type === 'message_stop'
}

/**
 * The events of a streamed message, up to its `message_stop`.
 * @throws {LlmError} for an error event, or events of another service
 */
export async function* fromStream(
  events: AsyncIterable<unknown>,
  source: AnswerSource,
): AsyncGenerator<BackendEvent> {
  const blocks = new Map<number, OpenBlock>()
  const usage: Json = {}
  let stopReason: string | undefined
  let stopSequence: string | undefined
  let started = false
  const ids = new CallIds()
  const lastCall = new TruncatedCallGuard()

  for await (const value of events) {
    const event = value as Json & { type?: string }
    switch (event?.type) {
      case 'message_start': {
        const message: WireMessage = fieldsOf(event.message)
        mergeUsage(usage, message.usage)
        // Proxies repeat it in the middle of a stream.
        if (started) break
        started = true
        yield startOf(message, source)
        yield { type: 'usage', usage: inputUsage(usage) }
        // A turn resumed after server-side tools may arrive with whole blocks and a reason to stop.
        yield* wholeBlocks(message.content, ids, lastCall, source)
        stopReason = message.stop_reason ?? undefined
        break
      }
      case 'content_block_start': {
        const index = event.index as number
        // A block without an end, whose index is used again.
        yield* close(blocks, index, lastCall, source)
        yield* lastCall.whole()
        const block = { ...(event.content_block as Json) }
        if (block.type === 'tool_use') block.id = ids.unique(callField('id', block.id))
        const open: OpenBlock = { block, content: '', signature: '', citations: [] }
        blocks.set(index, open)
        if (block.type === 'tool_use')
          yield {
            type: 'tool-call-start',
            id: String(block.id),
            name: callField('name', block.name),
          }
        const initial = block.type === 'text' ? block.text : block.type === 'thinking' ? block.thinking : ''
        if (typeof initial === 'string' && initial !== '')
          yield appendText(open, block.type === 'text' ? 'text' : 'reasoning', initial)
        break
      }
      case 'content_block_delta': {
        const open = blocks.get(event.index as number)
        if (open !== undefined) yield* takeDelta(open, fieldsOf(event.delta))
        break
      }
      case 'content_block_stop':
        yield* close(blocks, event.index as number, lastCall, source)
        break
      case 'message_delta': {
        const { stop_reason: reason, stop_sequence: stop } = fieldsOf(event.delta) as WireMessage
        if (reason) stopReason = reason
        if (stop) stopSequence = stop
        mergeUsage(usage, event.usage as Json | undefined)
        break
      }
      case 'message_stop':
        for (const index of [...blocks.keys()]) yield* close(blocks, index, lastCall, source)
        yield* lastCall.end(reasonOf(stopReason))
        return yield finishOf(stopReason, stopSequence, usage)
      case 'error':
        throw fromBody(event)
      default:
        // `ping`, and future events.
        if (!started && event?.type === undefined) throw notAnAnswer(value)
    }
  }
}

/**
 * The events of a message that came in one piece.
 * @throws {LlmError} for an error, or the answer of another service
 */
export async function* fromMessage(body: unknown, source: AnswerSource): AsyncGenerator<BackendEvent> {
  const message = body as WireMessage & { type?: string }
  if (message?.type === 'error') throw fromBody(body)
  if (!Array.isArray(message?.content)) throw notAnAnswer(body)
  yield startOf(message, source)
  const ids = new CallIds()
  const lastCall = new TruncatedCallGuard()
  yield* wholeBlocks(message.content, ids, lastCall, source)
  yield* lastCall.end(reasonOf(message.stop_reason))
  const usage: Json = {}
  mergeUsage(usage, message.usage)
  yield finishOf(message.stop_reason ?? undefined, message.stop_sequence ?? undefined, usage)
}

function* takeDelta(open: OpenBlock, delta: Json): Generator<BackendEvent> {
  switch (delta?.type) {
    case 'text_delta':
      return yield appendText(open, 'text', String(delta.text ?? ''))
    case 'thinking_delta':
      return yield appendText(open, 'reasoning', String(delta.thinking ?? ''))
    case 'input_json_delta': {
      const json = String(delta.partial_json ?? '')
      open.content += json
      if (open.block.type === 'tool_use') yield { type: 'tool-call-delta', id: String(open.block.id), json }
      return
    }
    case 'signature_delta':
      open.signature += String(delta.signature ?? '')
      return
    case 'citations_delta':
      open.citations.push(fieldsOf(delta.citation))
      return
    default:
      // Deltas of provider blocks carry fields of the block: `compaction_delta` has its content.
      for (const [key, value] of Object.entries(delta ?? {})) {
        const before = open.block[key]
        if (key !== 'type')
          open.block[key] = typeof before === 'string' && typeof value === 'string' ? before + value : value
      }
  }
}

function appendText(open: OpenBlock, type: 'text' | 'reasoning', text: string): BackendEvent {
  open.content += text
  return { type, text }
}

function* close(
  blocks: Map<number, OpenBlock>,
  index: number,
  lastCall: TruncatedCallGuard,
  source: AnswerSource,
): Generator<BackendEvent> {
  const open = blocks.get(index)
  blocks.delete(index)
  if (open === undefined) return
  for (const event of closeBlock(open, source))
    if (event.type === 'tool-call') yield* lastCall.take(event, true)
    else yield event
}

function* wholeBlocks(
  content: unknown,
  ids: CallIds,
  lastCall: TruncatedCallGuard,
  source: AnswerSource,
): Generator<BackendEvent> {
  // A complete input looks like a truncated one: the last is complete unless the answer was truncated.
  for (const block of objectsIn(content))
    for (const event of wholeBlock(block, ids, source))
      if (event.type === 'tool-call') yield* lastCall.take(event, false, true)
      else {
        yield* lastCall.whole()
        yield event
      }
}

function* wholeBlock(block: Json, ids: CallIds, source: AnswerSource): Generator<BackendEvent> {
  const open: OpenBlock = {
    block: block.type === 'tool_use' ? { ...block, id: ids.unique(callField('id', block.id)) } : block,
    content: '',
    signature: String(block.signature ?? ''),
    citations: objectsIn(block.citations),
  }
  if (block.type === 'text' && block.text) yield appendText(open, 'text', String(block.text))
  if (block.type === 'thinking' && block.thinking) yield appendText(open, 'reasoning', String(block.thinking))
  yield* closeBlock(open, source)
}

function* closeBlock(
  { block, content, signature, citations }: OpenBlock,
  { host, thinkingModel }: AnswerSource,
): Generator<BackendEvent> {
  const opaque = (data: Json, model?: string): OpaqueState => ({
    provider: 'claude',
    host,
    ...(model !== undefined && { model }),
    data,
  })
  switch (block.type) {
    case 'text':
      return yield {
        type: 'part-end',
        ...(citations.length > 0 && { citations: citations.map(toCitation), opaque: opaque({ citations }) }),
      }
    case 'thinking': {
      const state = opaque({ signature: signature || String(block.signature ?? '') }, thinkingModel)
      // Thinking without text still has its signature, which must go back.
      return yield content === ''
        ? { type: 'part', part: { type: 'reasoning', text: '', opaque: state } }
        : { type: 'part-end', opaque: state }
    }
    case 'redacted_thinking':
      return yield {
        type: 'part',
        part: { type: 'reasoning', text: '', opaque: opaque(block, thinkingModel) },
      }
    case 'tool_use': {
      const { type: _, id, name, input, ...more } = block
      const whole = content === '' ? (input ?? {}) : parseInput(content)
      return yield {
        type: 'tool-call',
        id: String(id),
        name: callField('name', name),
        input: whole,
        ...(Object.keys(more).length > 0 && { opaque: opaque(more) }),
      }
    }
    default:
      return yield {
        type: 'part',
        part: {
          type: 'provider-block',
          kind: String(block.type),
          opaque: opaque(content === '' ? block : { ...block, input: jsonOrUndefined(content) ?? content }),
        },
      }
  }
}

function startOf({ id, model }: WireMessage, { requestId }: AnswerSource): BackendEvent {
  return { type: 'start', ...(requestId && { requestId }), ...(id && { id }), ...(model && { model }) }
}

function finishOf(reason: string | undefined, stopSequence: string | undefined, raw: Json): BackendEvent {
  return {
    type: 'finish',
    response: {
      finishReason: reasonOf(reason),
      ...(reason && { rawFinishReason: reason }),
      ...(stopSequence !== undefined && { stopSequence }),
      usage: toUsage(raw),
    },
  }
}

/** The usage at the start of an answer; its output tokens are not final. */
function inputUsage({ output_tokens: _, ...input }: Json): Usage {
  return toUsage(input)
}

function reasonOf(reason: string | null | undefined): FinishReason {
  return reasons[reason ?? ''] ?? 'other'
}

function jsonOrUndefined(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
