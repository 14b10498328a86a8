// A message, streamed or whole, as our events. Source: platform.claude.com/docs/en/build-with-claude/streaming and
// /en/api/messages, November 2026.
import type { BackendEvent, FinishReason, OpaqueState, Usage } from '@patchbay/core'
import { CallIds, callField, fieldsOf, objectsIn, parseInput, TruncatedCallGuard } from '@patchbay/core/wire'
import { toCitation } from './citations.js'
import { fromBody, notAnAnswer } from './errors.js'
import { keep, toUsage } from './usage.js'

type Json = Record<string, unknown>

interface WireMessage {
  id?: string
  model?: string
  content?: Json[]
  stop_reason?: string | null
  stop_sequence?: string | null
  usage?: Json
}

/** A content block on its way. */
interface OpenBlock {
  block: Json
  /** What came in deltas: text, thinking, or the JSON of an input. */
  said: string
  signature: string
  citations: Json[]
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

/** After it the service says no more. */
export function isLast(event: unknown): boolean {
  return (event as { type?: unknown } | null)?.type === 'message_stop'
}

/**
 * The events of a streamed message, up to its `message_stop`.
 * @throws {LlmError} for an error event, or events of another service
 */
export async function* fromStream(
  events: AsyncIterable<unknown>,
  requestId?: string,
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
        keep(usage, message.usage)
        // Proxies repeat it in the middle of a stream; the message has begun once.
        if (started) break
        started = true
        yield startOf(message, requestId)
        yield { type: 'usage', usage: inputUsage(usage) }
        // A turn resumed after server-side tools may arrive with whole blocks and a reason to stop.
        yield* wholeBlocks(message.content, ids, lastCall)
        stopReason = message.stop_reason ?? undefined
        break
      }
      case 'content_block_start': {
        const index = event.index as number
        // One that was never ended, where an index is used again.
        yield* close(blocks, index, lastCall)
        yield* lastCall.whole()
        const block = { ...(event.content_block as Json) }
        if (block.type === 'tool_use') block.id = ids.unique(callField('id', block.id))
        const open: OpenBlock = { block, said: '', signature: '', citations: [] }
        blocks.set(index, open)
        if (block.type === 'tool_use')
          yield {
            type: 'tool-call-start',
            id: String(block.id),
            name: callField('name', block.name),
          }
        const begun = block.type === 'text' ? block.text : block.type === 'thinking' ? block.thinking : ''
        if (typeof begun === 'string' && begun !== '')
          yield say(open, block.type === 'text' ? 'text' : 'reasoning', begun)
        break
      }
      case 'content_block_delta': {
        const open = blocks.get(event.index as number)
        if (open !== undefined) yield* takeDelta(open, fieldsOf(event.delta))
        break
      }
      case 'content_block_stop':
        yield* close(blocks, event.index as number, lastCall)
        break
      case 'message_delta': {
        const { stop_reason: reason, stop_sequence: stop } = fieldsOf(event.delta) as WireMessage
        if (reason) stopReason = reason
        if (stop) stopSequence = stop
        keep(usage, event.usage as Json | undefined)
        break
      }
      case 'message_stop':
        for (const index of [...blocks.keys()]) yield* close(blocks, index, lastCall)
        yield* lastCall.end(reasonOf(stopReason))
        return yield finishOf(stopReason, stopSequence, usage)
      case 'error':
        throw fromBody(event)
      default:
        // `ping`, and what has not been invented yet.
        if (!started && event?.type === undefined) throw notAnAnswer(value)
    }
  }
}

/** The events of a message that came whole. */
export async function* fromMessage(body: unknown, requestId?: string): AsyncGenerator<BackendEvent> {
  const message = body as WireMessage & { type?: string }
  if (message?.type === 'error') throw fromBody(body)
  if (!Array.isArray(message?.content)) throw notAnAnswer(body)
  yield startOf(message, requestId)
  const ids = new CallIds()
  const lastCall = new TruncatedCallGuard()
  yield* wholeBlocks(message.content, ids, lastCall)
  yield* lastCall.end(reasonOf(message.stop_reason))
  const usage: Json = {}
  keep(usage, message.usage)
  yield finishOf(message.stop_reason ?? undefined, message.stop_sequence ?? undefined, usage)
}

function* takeDelta(open: OpenBlock, delta: Json): Generator<BackendEvent> {
  switch (delta?.type) {
    case 'text_delta':
      return yield say(open, 'text', String(delta.text ?? ''))
    case 'thinking_delta':
      return yield say(open, 'reasoning', String(delta.thinking ?? ''))
    case 'input_json_delta': {
      const json = String(delta.partial_json ?? '')
      open.said += json
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
      // Deltas of blocks we keep closed carry fields of the block (`compaction_delta` its content).
      for (const [key, value] of Object.entries(delta ?? {})) {
        const before = open.block[key]
        if (key !== 'type')
          open.block[key] = typeof before === 'string' && typeof value === 'string' ? before + value : value
      }
  }
}

function say(open: OpenBlock, type: 'text' | 'reasoning', text: string): BackendEvent {
  open.said += text
  return { type, text }
}

function* close(
  blocks: Map<number, OpenBlock>,
  index: number,
  lastCall: TruncatedCallGuard,
): Generator<BackendEvent> {
  const open = blocks.get(index)
  blocks.delete(index)
  if (open === undefined) return
  for (const event of closeBlock(open))
    if (event.type === 'tool-call') yield* lastCall.take(event, true)
    else yield event
}

function* wholeBlocks(content: unknown, ids: CallIds, lastCall: TruncatedCallGuard): Generator<BackendEvent> {
  // Of an input that came whole nobody can tell whether it is: the last one is, unless the answer was cut.
  for (const block of objectsIn(content))
    for (const event of wholeBlock(block, ids))
      if (event.type === 'tool-call') yield* lastCall.take(event, false, true)
      else {
        yield* lastCall.whole()
        yield event
      }
}

function* wholeBlock(block: Json, ids: CallIds): Generator<BackendEvent> {
  const open: OpenBlock = {
    block: block.type === 'tool_use' ? { ...block, id: ids.unique(callField('id', block.id)) } : block,
    said: '',
    signature: String(block.signature ?? ''),
    citations: objectsIn(block.citations),
  }
  if (block.type === 'text' && block.text) yield say(open, 'text', String(block.text))
  if (block.type === 'thinking' && block.thinking) yield say(open, 'reasoning', String(block.thinking))
  yield* closeBlock(open)
}

function* closeBlock({ block, said, signature, citations }: OpenBlock): Generator<BackendEvent> {
  switch (block.type) {
    case 'text':
      return yield {
        type: 'part-end',
        ...(citations.length > 0 && { citations: citations.map(toCitation), opaque: opaque({ citations }) }),
      }
    case 'thinking': {
      const state = opaque({ signature: signature || String(block.signature ?? '') })
      // Thinking that is not shown still has its signature, and must go back with it.
      return yield said === ''
        ? { type: 'part', part: { type: 'reasoning', text: '', opaque: state } }
        : { type: 'part-end', opaque: state }
    }
    case 'redacted_thinking':
      return yield { type: 'part', part: { type: 'reasoning', text: '', opaque: opaque(block) } }
    case 'tool_use': {
      const { type: _, id, name, input, ...more } = block
      const whole = said === '' ? (input ?? {}) : parseInput(said)
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
          opaque: opaque(said === '' ? block : { ...block, input: parsed(said) ?? said }),
        },
      }
  }
}

function startOf({ id, model }: WireMessage, requestId: string | undefined): BackendEvent {
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

/** What is known before the answer: its output has only begun to be counted. */
function inputUsage({ output_tokens: _, ...input }: Json): Usage {
  return toUsage(input)
}

function reasonOf(reason: string | null | undefined): FinishReason {
  return reasons[reason ?? ''] ?? 'other'
}

function opaque(data: unknown): OpaqueState {
  return { provider: 'claude', data }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
