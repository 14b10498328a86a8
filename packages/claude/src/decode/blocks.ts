// Decoder of content blocks: a block, streamed or whole, to events. Source: platform.claude.com/docs/en/api/messages,
// November 2026.
import type { BackendEvent, OpaqueState } from '@patchbay/core'
import { type CallIds, callField, fieldsOf, objectsIn, parseInput } from '@patchbay/core/wire'
import { toCitation } from './citations.js'
import { serverToolUse } from './server-tools.js'

type Json = Record<string, unknown>

/** Where an answer comes from. Its state goes back only there. */
export interface AnswerSource {
  /** Who answers, for errors. Default: Anthropic. */
  who?: string
  host: string
  /** The model, where the service lets no other one read its thinking. */
  thinkingModel?: string
  requestId?: string
}

/** A content block that is still streaming. */
export interface OpenBlock {
  block: Json
  /** All deltas so far: text, thinking, or the JSON of an input. */
  content: string
  signature: string
  citations: Json[]
}

/** A block that begins to stream, and its first events. */
export function* openBlock(given: unknown, ids: CallIds): Generator<BackendEvent, OpenBlock> {
  const block = { ...fieldsOf(given) }
  if (block.type === 'tool_use') block.id = ids.unique(callField('id', block.id))
  const open: OpenBlock = { block, content: '', signature: '', citations: [] }
  if (block.type === 'tool_use')
    yield { type: 'tool-call-start', id: String(block.id), name: callField('name', block.name) }
  if (block.type === 'text' && block.text) yield appendText(open, 'text', String(block.text))
  if (block.type === 'thinking' && block.thinking) yield appendText(open, 'reasoning', String(block.thinking))
  return open
}

/** The events of a delta of a block. */
export function* takeDelta(open: OpenBlock, delta: Json): Generator<BackendEvent> {
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

/** The events of a block that came in one piece. */
export function* wholeBlock(block: Json, ids: CallIds, source: AnswerSource): Generator<BackendEvent> {
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

/** The events at the end of a block. */
export function* closeBlock(
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
    default: {
      const whole = content === '' ? block : { ...block, input: jsonOrUndefined(content) ?? content }
      const tool = serverToolUse(whole)
      const kind = String(block.type)
      return yield {
        type: 'part',
        part: { type: 'provider-block', kind, ...(tool && { tool }), opaque: opaque(whole) },
      }
    }
  }
}

function jsonOrUndefined(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
