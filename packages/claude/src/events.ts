// Decoder of the Messages API: a streamed or whole message to events.
// Source: platform.claude.com/docs/en/build-with-claude/streaming and /en/api/messages, November 2026.
import type { BackendEvent, FinishReason, LlmError, Usage, Warning } from '@patchbay/core'
import { CallIds, fieldsOf, objectsIn, TruncatedCallGuard } from '@patchbay/core/wire'
import {
  type AnswerSource,
  closeBlock,
  type OpenBlock,
  openBlock,
  takeDelta,
  wholeBlock,
} from './decode/blocks.js'
import { mergeUsage, toUsage } from './decode/usage.js'
import { fromBody, notAnAnswer } from './errors.js'

type Json = Record<string, unknown>

interface WireMessage {
  id?: string
  model?: string
  content?: Json[]
  stop_reason?: string | null
  stop_sequence?: string | null
  usage?: Json
}

const restartWarning: Warning = {
  code: 'other',
  feature: 'stream',
  message: 'The service began its message again; the response holds the second one alone.',
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
  /** A second beginning, and the indexes of blocks before it: it counts once one of them comes again. */
  let restart: WireMessage | undefined
  const indexes = new Set<number>()
  const ids = new CallIds()
  let guard = new TruncatedCallGuard()

  for await (const value of events) {
    const event = value as Json & { type?: string }
    switch (event?.type) {
      case 'message_start': {
        const message: WireMessage = fieldsOf(event.message)
        mergeUsage(usage, message.usage)
        // Proxies repeat it in the middle of a stream, or begin the message again after a failure.
        if (started) {
          restart = message
          break
        }
        started = true
        yield startOf(message, source)
        yield { type: 'usage', usage: inputUsage(usage) }
        // A turn resumed after server-side tools may arrive with whole blocks and a reason to stop.
        yield* wholeBlocks(message.content, ids, guard, source)
        stopReason = message.stop_reason ?? undefined
        break
      }
      case 'content_block_start': {
        const index = event.index as number
        if (restart !== undefined && indexes.has(index)) {
          yield { ...startOf(restart, source), restart: true, warnings: [restartWarning] }
          restart = undefined
          blocks.clear()
          indexes.clear()
          guard = new TruncatedCallGuard()
        }
        indexes.add(index)
        // A block without an end, whose index is used again.
        yield* close(blocks, index, guard, source)
        yield* guard.whole()
        blocks.set(index, yield* openBlock(event.content_block, ids))
        break
      }
      case 'content_block_delta': {
        const open = blocks.get(event.index as number)
        if (open !== undefined) yield* takeDelta(open, fieldsOf(event.delta))
        break
      }
      case 'content_block_stop':
        yield* close(blocks, event.index as number, guard, source)
        break
      case 'message_delta': {
        const { stop_reason: reason, stop_sequence: stop } = fieldsOf(event.delta) as WireMessage
        if (reason) stopReason = reason
        if (stop) stopSequence = stop
        mergeUsage(usage, event.usage as Json | undefined)
        break
      }
      case 'message_stop':
        for (const index of [...blocks.keys()]) yield* close(blocks, index, guard, source)
        yield* guard.end(reasonOf(stopReason))
        return yield finishOf(stopReason, stopSequence, usage)
      case 'error':
        throw failureOf(event, source)
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
  if (message?.type === 'error') throw failureOf(body, source)
  if (!Array.isArray(message?.content)) throw notAnAnswer(body)
  yield startOf(message, source)
  const ids = new CallIds()
  const guard = new TruncatedCallGuard()
  yield* wholeBlocks(message.content, ids, guard, source)
  yield* guard.end(reasonOf(message.stop_reason))
  const usage: Json = {}
  mergeUsage(usage, message.usage)
  yield finishOf(message.stop_reason ?? undefined, message.stop_sequence ?? undefined, usage)
}

function failureOf(event: unknown, { who, requestId }: AnswerSource): LlmError {
  return fromBody(event, { ...(requestId && { requestId }) }, event, {}, who)
}

function* close(
  blocks: Map<number, OpenBlock>,
  index: number,
  guard: TruncatedCallGuard,
  source: AnswerSource,
): Generator<BackendEvent> {
  const open = blocks.get(index)
  blocks.delete(index)
  if (open === undefined) return
  for (const event of closeBlock(open, source))
    if (event.type === 'tool-call') yield* guard.take(event, true)
    else yield event
}

function* wholeBlocks(
  content: unknown,
  ids: CallIds,
  guard: TruncatedCallGuard,
  source: AnswerSource,
): Generator<BackendEvent> {
  // A complete input looks like a truncated one: the last is complete unless the answer was truncated.
  for (const block of objectsIn(content))
    for (const event of wholeBlock(block, ids, source))
      if (event.type === 'tool-call') yield* guard.take(event, false, true)
      else {
        yield* guard.whole()
        yield event
      }
}

function startOf(
  { id, model }: WireMessage,
  { requestId }: AnswerSource,
): Extract<BackendEvent, { type: 'start' }> {
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
