// Encodes messages as input items of the Responses API.
import {
  type Citation,
  type ImagePart,
  LlmError,
  type Part,
  type PreparedMessage,
  type ToolResultPart,
  type Warning,
} from '@patchbay/core'
import {
  CallIds,
  failedResultAsText,
  type OmissionWarner,
  objectInput,
  omissionWarner,
  separateMedia,
} from '@patchbay/core/wire'
import { markEnd } from '../breakpoints.js'
import { shortened } from '../ids.js'
import { addressOf, audioFormat, base64Of } from '../media.js'
import { type Origin, ownState } from '../state.js'

type Json = Record<string, unknown>

// The longest `id` and `call_id` of an item. Source: openai-openapi, August 2026; can1357/oh-my-pi#284.
const longestId = 64

/**
 * The input items. With `breakpoints`, marks for a cache are those of blocks; answers have none. Media stand in user messages and tool
 * results, so those of an answer follow its turn in a user message.
 */
export function toItems(
  messages: PreparedMessage[],
  origin: Origin,
  warn: (warning: Warning) => void,
  breakpoints = false,
): Json[] {
  const lost = omissionWarner('The Responses API', warn)
  const items: Json[] = []
  // Items are one list, in which servers that number the calls of each turn from 0 would repeat ids.
  const ids = new CallIds()
  let idsOfTurn = new Map<string, string>()
  let shown: Part[] = []
  const toParts = (parts: Part[]) => parts.flatMap((part) => toPart(part, lost))
  const show = () => {
    if (shown.length > 0) items.push({ role: 'user', content: toParts(shown) })
    shown = []
  }
  for (const { role, content, cache } of messages) {
    const mark = (blocks?: Json[]) => {
      if (cache && !(breakpoints && markEnd(blocks))) lost('cache')
    }
    if (role === 'tool') {
      for (const part of content)
        if (part.type === 'tool-result') items.push(toResult(part, idsOfTurn.get(part.id), toParts))
      if (cache && breakpoints) mark(asBlocks(items.at(-1)))
      else mark()
      continue
    }
    show()
    if (role === 'assistant') {
      // What the model itself drew has its place in the turn; media of others are shown by the user.
      const turn = content.map((part) =>
        ownImage(part, origin) ? { said: [part], shown: [] } : separateMedia([part]),
      )
      const spoken = { said: turn.flatMap(({ said }) => said), shown: turn.flatMap(({ shown }) => shown) }
      idsOfTurn = new Map(
        spoken.said.flatMap((part) =>
          part.type === 'tool-call' ? [[part.id, shortened(ids.unique(part.id), longestId)]] : [],
        ),
      )
      items.push(...toTurn(spoken.said, idsOfTurn, origin, lost))
      shown = spoken.shown
      mark()
    } else {
      const blocks = toParts(content)
      mark(blocks)
      items.push({ role, content: blocks })
    }
  }
  show()
  return items
}

/** The output of a tool as a list, which can have a mark. */
function asBlocks(result: Json | undefined): Json[] | undefined {
  if (typeof result?.output === 'string') result.output = [{ type: 'input_text', text: result.output }]
  return result?.output as Json[] | undefined
}

function toResult(part: ToolResultPart, id: string | undefined, toParts: (parts: Part[]) => Json[]): Json {
  const output = failedResultAsText(part)
  const text = output.map((one) => (one.type === 'text' ? one.text : '')).join('')
  const isText = typeof part.output === 'string' || output.length === 0
  return {
    type: 'function_call_output',
    call_id: id ?? shortened(part.id, longestId),
    output: isText ? text : toParts(output),
  }
}

/** The items of an assistant turn, in their order: reasoning right before the output it led to. */
function toTurn(content: Part[], ids: Map<string, string>, origin: Origin, lost: OmissionWarner): Json[] {
  const items: Json[] = []
  let open: Json[] | undefined
  /** Reasoning that waits for its output: without it, the service refuses it. */
  let waiting: Json[] = []
  /** The service refuses ids of output whose reasoning is missing; it may stand there as new output. */
  let withoutId = false
  const add = (item: Json) => {
    items.push(...waiting, item)
    waiting = []
  }
  const itemOf = (part: Part, type: string): Json => {
    const own = ownState(part, origin)
    if (own?.type !== type) return { type }
    return withoutId ? withoutIdOf(own) : withShortId(own)
  }
  for (const part of content) {
    if (part.type === 'text' || part.type === 'refusal') {
      const { type, annotations, ...message } = itemOf(part, 'message')
      if (open === undefined || Object.keys(message).length > 0) {
        open = []
        add({ type, role: 'assistant', ...message, content: open })
      }
      open.push(
        part.type === 'text'
          ? {
              type: 'output_text',
              text: part.text,
              annotations: annotations ?? toAnnotations(part.citations, lost),
            }
          : { type: 'refusal', refusal: part.text },
      )
      continue
    }
    open = undefined
    const image = ownImage(part, origin)
    if (image !== undefined) add(image)
    else if (part.type === 'tool-call')
      add({
        ...itemOf(part, 'function_call'),
        call_id: ids.get(part.id),
        name: part.name,
        arguments: JSON.stringify(objectInput(part.input)),
      })
    else if (part.type === 'reasoning') {
      const own = ownState(part, origin)
      // Reasoning that is not encrypted cannot go back, since the service stores nothing.
      withoutId = !own?.encrypted_content
      if (own?.encrypted_content) waiting.push(withShortId(own))
      else lost('reasoning')
    } else if (part.type === 'provider-block') {
      const own = ownState(part, origin)
      if (own !== undefined) add(withShortId(own))
      else lost('provider-block')
    }
  }
  if (waiting.length > 0) lost('reasoning')
  return items
}

/** The item of an image that the model drew. */
function ownImage(part: Part, origin: Origin): Json | undefined {
  const own = part.type === 'image' && part.data !== undefined ? ownState(part, origin) : undefined
  return own?.type === 'image_generation_call' ? { ...own, result: base64Of(part as ImagePart) } : undefined
}

function withoutIdOf({ id: _, ...item }: Json): Json {
  return item
}

/** Other hosts make longer ids than the API takes back. Messages and calls need none; others need one of their kind. */
function withShortId(item: Json): Json {
  const { id, type } = item
  if (typeof id !== 'string' || id.length <= longestId) return item
  if (type === 'message' || type === 'function_call') return withoutIdOf(item)
  return { ...item, id: shortened(type === 'reasoning' ? `rs_${id}` : id, longestId) }
}

function toAnnotations(citations: Citation[] = [], lost: OmissionWarner): Json[] {
  return citations.flatMap(({ url, title = '', start, end }) => {
    if (url !== undefined && start !== undefined && end !== undefined)
      return [{ type: 'url_citation', url, title, start_index: start, end_index: end }]
    lost('citations')
    return []
  })
}

function toPart(part: Part, lost: OmissionWarner): Json[] {
  switch (part.type) {
    case 'text':
      return [{ type: 'input_text', text: part.text }]
    case 'image':
      return [{ type: 'input_image', image_url: addressOf(part), detail: 'auto' }]
    case 'file': {
      const { url, name } = part
      if (url === undefined)
        return [{ type: 'input_file', filename: name ?? 'file', file_data: addressOf(part) }]
      // 400 `mutually_exclusive_parameters` for `file_url` with `filename`: 0xPlaygrounds/rig#2166, July 2026.
      if (name !== undefined && !url.includes(encodeURIComponent(name))) lost('name')
      return [{ type: 'input_file', file_url: url }]
    }
    case 'audio':
      return [
        {
          type: 'input_audio',
          input_audio: { data: base64Of(part), format: audioFormat(part.mediaType, ['wav', 'mp3']) },
        },
      ]
    case 'reasoning':
    case 'tool-call':
    case 'tool-result':
    case 'provider-block':
    case 'refusal':
      throw new LlmError(
        'unsupported',
        `The Responses API does not accept a part of type ${part.type} in such a message.`,
      )
  }
}
