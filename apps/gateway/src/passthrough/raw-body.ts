// Bodies for a service of the client's own protocol. One that holds state or thinking of another service is not sent as it is.
// Limits of the services for ids of calls. Last compared with its sources on 2026-11-27.
// Sources: live errors in public reports, up to November 2026, named beside each limit.
import { fieldsOf, objectsIn } from '@patchbay/core/wire'
import { isState } from '../answer/opaque-state.js'
import type { Json } from '../body/body.js'

/** A body of the Messages API. The gateway keeps no threads, so it answers what is about them itself. */
export function rawMessages({ thread: _, ...body }: Json): Json | undefined {
  if (!isList(body.messages)) return undefined
  const blocks = objectsIn(body.messages).flatMap(({ content }) => objectsIn(content))
  return blocks.some(isForeignBlock) ? undefined : body
}

// Ids of calls: other services have other letters. "String should match pattern '^[a-zA-Z0-9_-]+$'": maximhq/bifrost#5097,
// QwenLM/qwen-code#8160 (2026). No report has a limit of length; this one keeps out what no service makes.
const claudeId = /^[\w-]{1,128}$/

function isClaudeId(id: unknown): boolean {
  return typeof id === 'string' && claudeId.test(id)
}

function isForeignBlock(block: Json): boolean {
  const { type, data, signature, id, tool_use_id } = block
  if (isForeignSearch(block)) return true
  if (type === 'tool_use' || type === 'tool_result') return !isClaudeId(id ?? tool_use_id)
  return (type === 'redacted_thinking' && isState(data)) || (type === 'thinking' && !signature)
}

/** Whether a block is the search of another maker's model, or cites one: without encrypted content, the service would refuse it. */
function isForeignSearch({ type, content, citations }: Json): boolean {
  const isEmpty = (list: unknown, field: string) =>
    Array.isArray(list) && list.some((one) => one?.[field] === '')
  return (
    (type === 'web_search_tool_result' && isEmpty(content, 'encrypted_content')) ||
    (type === 'text' && isEmpty(citations, 'encrypted_index'))
  )
}

// "Expected a string with maximum length 40": vercel/ai#8132 (2025), anomalyco/opencode#12653 (2026).
const maxCallId = 40

/** A body of Chat Completions. */
export function rawCompletions(body: Json): Json | undefined {
  if (!isList(body.messages)) return undefined
  // A budget reserves one answer; and fields of routers that choose other models than the operator's.
  if ((body.n ?? 1) !== 1 || otherModels.some((name) => body[name] !== undefined)) return undefined
  const ids = objectsIn(body.messages).flatMap(({ tool_calls }) => objectsIn(tool_calls).map(({ id }) => id))
  return ids.some((id) => isLonger(id, maxCallId)) ? undefined : body
}

const otherModels = ['models', 'fallbacks', 'fallback_models']

function isLonger(id: unknown, most: number): boolean {
  return typeof id === 'string' && id.length > most
}

/** Whether it is a list of objects: what is none must be refused, not left out. */
function isList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'object' && item !== null)
}

/**
 * A body of the Responses API: with the items that came before it in place of ids, since the service stores nothing for the
 * gateway. `before` are those of the previous response; `references` those that the input names by id.
 */
export function rawResponses(
  { previous_response_id: previous, ...body }: Json,
  before: readonly Json[] | undefined,
  references: ReadonlyMap<string, Json>,
): Json | undefined {
  if (typeof previous === 'string' && before === undefined) return undefined
  if (body.background === true) return undefined
  const items = inputItems(body.input)
  if (items === undefined) return undefined
  const input = [...(before ?? []), ...items].map((item) =>
    item.type === 'item_reference'
      ? (references.get(typeof item.id === 'string' ? item.id : '') ?? item)
      : item,
  )
  if (input.some(isForeignItem)) return undefined
  return typeof body.input === 'string' && before === undefined ? body : { ...body, input }
}

/** An input as items; `undefined` for what is none. */
export function inputItems(input: unknown): Json[] | undefined {
  if (typeof input === 'string') return [{ role: 'user', content: input }]
  return Array.isArray(input) && input.every((item) => typeof item === 'object' && item !== null)
    ? input
    : undefined
}

// "Expected a string with maximum length 64": decolua/9router#393, AnswerDotAI/fastllm#45 (2026).
const maxItemCallId = 64

// Reasoning of some services is plain text, in `content`.
function isForeignItem({ type, encrypted_content: state, content, call_id }: Json): boolean {
  if (type === 'item_reference' || isLonger(call_id, maxItemCallId)) return true
  return type === 'reasoning' && (isState(state) || (!state && objectsIn(content).length === 0))
}

/** A body of Ollama's chat, which is streamed unless it says otherwise. */
export function rawOllama(body: Json): Json | undefined {
  if (!isList(body.messages)) return undefined
  return { ...body, stream: body.stream !== false }
}

/** Whether a chunk of Chat Completions holds nothing but usage, which clients get only if they ask for it. */
export function isUsageOnly(chunk: Json): boolean {
  return Array.isArray(chunk.choices) && chunk.choices.length === 0 && Boolean(chunk.usage)
}

/** The response in an event of the Responses API. */
export function responseIn(event: Json): Json {
  return fieldsOf(event.response)
}
