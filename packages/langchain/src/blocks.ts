// Converts content blocks of LangChain to parts, and parts to blocks. Source: @langchain/core 1.4.0, November 2026.
import type { ContentBlock } from '@langchain/core/messages'
import type { Citation, Part, ServerToolUse } from '@patchbay/core'
import { failedResultAsText, toBase64 } from '@patchbay/core/wire'
import { isObject, omitUndefined } from '@patchbay/core/wrap'
import { type Json, standardBlock } from './standard-blocks.js'
import { inputOf } from './to-langchain/invalid-calls.js'
import type { Lost } from './unsupported-content.js'

// Other fields of a block would be lost, so they are reported.
const common = ['type', 'id', 'index', 'metadata', 'cache_control']
const media = ['url', 'data', 'mimeType', 'title', 'name', 'filename', 'fileId']
const read: Record<string, string[]> = {
  text: ['text', 'annotations'],
  'text-plain': [...media, 'text', 'context'],
  reasoning: ['reasoning'],
  refusal: ['refusal'],
  image: media,
  audio: media,
  file: media,
  tool_call: ['name', 'args'],
  invalid_tool_call: ['name', 'args', 'error'],
  server_tool_call_result: ['toolCallId', 'name', 'status', 'output'],
}

/** @throws {LlmError} `unsupported` with its name, for a block that has no place here */
export function fromBlock(given: unknown, lost: Lost): Part[] {
  if (typeof given === 'string') return [{ type: 'text', text: given }]
  if (!isObject(given)) return lost.whole(`a block that is ${JSON.stringify(given)}`)
  const block = standardBlock(given)
  const type = String(block.type)
  const known = read[type]
  if (known === undefined)
    return lost.whole(block.type === undefined ? 'a block without a type' : `a block of type ${type}`)
  for (const [name, value] of Object.entries(block))
    if (value !== undefined && value !== null && ![...common, ...known].includes(name))
      lost.detail(`the field ${name} of a block of type ${given.type}`)
  switch (type) {
    case 'text':
      return [{ type, text: String(block.text ?? ''), ...citationsOf(block.annotations, lost) }]
    case 'text-plain': {
      const words = [nameOf(block), block.context, block.text].filter((one) => typeof one === 'string')
      return typeof block.text === 'string'
        ? [{ type: 'text', text: words.join('\n\n') }]
        : toMedia('file', { mimeType: 'text/plain', ...block }, lost)
    }
    case 'reasoning':
      return [{ type, text: String(block.reasoning ?? '') }]
    case 'refusal':
      return [{ type, text: String(block.refusal ?? '') }]
    case 'tool_call':
      return [{ type: 'tool-call', ...idAndName(block), input: block.args ?? {} }]
    case 'invalid_tool_call':
      return [{ type: 'tool-call', ...idAndName(block), input: inputOf(String(block.args ?? '')) }]
    case 'server_tool_call_result': {
      const { toolCallId, name, status, output = '' } = block
      return [
        {
          type: 'tool-result',
          id: String(toolCallId),
          ...(typeof name === 'string' && { name }),
          output: typeof output === 'string' ? output : JSON.stringify(output),
          ...(status === 'error' && { isError: true }),
        },
      ]
    }
    default:
      return toMedia(type as 'image' | 'file' | 'audio', block, lost)
  }
}

function idAndName({ id, name }: Json): { id: string; name: string } {
  return { id: String(id ?? ''), name: String(name ?? '') }
}

const usual = { image: 'image/png', audio: 'audio/wav', file: 'application/octet-stream' }

function toMedia(type: 'image' | 'file' | 'audio', block: Json, lost: Lost): Part[] {
  const { url, data, mimeType, fileId } = block
  const name = nameOf(block)
  const named = type === 'file' && name !== undefined ? { name } : {}
  const typed = typeof mimeType === 'string' ? { mediaType: mimeType } : {}
  const bytes = data ?? (type === 'audio' && /^data:/i.test(String(url)) ? url : undefined)
  if (bytes !== undefined) return [{ type, data: bytes, mediaType: usual[type], ...typed, ...named } as Part]
  if (typeof url === 'string' && type !== 'audio') return [{ type, url, ...typed, ...named } as Part]
  const how = url !== undefined ? 'by its address' : fileId !== undefined ? 'by its id' : 'without data'
  return lost.whole(`a block of type ${block.type} ${how}`)
}

/** The name of a file; metadata is where LangChain's models look for it. */
function nameOf({ title, name, filename, metadata }: Json): string | undefined {
  const more = isObject(metadata) ? metadata : {}
  return [title, name, filename, more.filename, more.name, more.title].find((one) => typeof one === 'string')
}

function citationsOf(annotations: unknown, lost: Lost): { citations?: Citation[] } {
  const citations = (Array.isArray(annotations) ? annotations : []).flatMap((one: Json): Citation[] => {
    if (one.type === 'citation')
      return [
        omitUndefined({
          url: one.url,
          title: one.title,
          quote: one.citedText,
          start: one.startIndex,
          end: one.endIndex,
        }) as Citation,
      ]
    lost.detail(`an annotation of type ${one.type}`)
    return []
  })
  return citations.length > 0 ? { citations } : {}
}

/** Messages of LangChain are kept as JSON, which has no bytes. */
export function inJson<P extends Part>(part: P): P {
  return 'data' in part && part.data instanceof Uint8Array ? { ...part, data: toBase64(part.data) } : part
}

/** What a part of an answer shows beside text and calls; nothing of what only its provider understands. */
export function answerBlocks(part: Part): Json[] {
  switch (part.type) {
    case 'refusal':
      return [{ type: 'refusal', refusal: part.text }]
    case 'tool-result': {
      const { id: toolCallId, name, output, isError } = part
      const status = isError ? 'error' : 'success'
      return [{ type: 'server_tool_call_result', toolCallId, ...(name && { name }), status, output }]
    }
    case 'image':
    case 'file':
    case 'audio':
      return [mediaBlock(inJson(part))]
    case 'provider-block':
      return part.tool === undefined ? [] : serverToolBlocks(part.tool)
    case 'text':
    case 'reasoning':
    case 'tool-call':
      return []
  }
}

/** A server tool's call, its result, or both. They are for the reader: what goes back to the service is hidden in the message. */
function serverToolBlocks({ id, name, input, output, sources, isError }: ServerToolUse): Json[] {
  const result = omitUndefined({ output, sources })
  const isResult = isError || Object.keys(result).length > 0
  const status = isError ? 'error' : 'success'
  return [
    ...(input === undefined ? [] : [{ type: 'server_tool_call', id, name, args: input }]),
    ...(isResult ? [{ type: 'server_tool_call_result', toolCallId: id, name, status, output: result }] : []),
  ]
}

function mediaBlock(part: Extract<Part, { type: 'image' | 'file' | 'audio' }>): Json {
  const typed = part.mediaType === undefined ? {} : { mimeType: part.mediaType }
  const from = 'url' in part && part.url !== undefined ? { url: part.url } : { data: part.data }
  const name = part.type === 'file' ? part.name : undefined
  // Some of LangChain's models look for the name of a file in its metadata, some beside it.
  const named = name === undefined ? {} : { title: name, metadata: { filename: name, title: name } }
  return { type: part.type, ...from, ...typed, ...named }
}

/** A part of a request, for a model of LangChain. */
export function toBlock(part: Part): ContentBlock.Standard[] {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return [{ type: 'text', text: part.text }]
    case 'reasoning':
      return part.text === '' ? [] : [{ type: 'reasoning', reasoning: part.text }]
    case 'image':
    case 'file':
    case 'audio':
      return [mediaBlock(part) as ContentBlock.Standard]
    // A server-side tool's own, inside an answer.
    case 'tool-result':
      return [
        { type: 'text', text: `\nThe result of ${part.name ?? part.id}: ` },
        ...failedResultAsText(part).flatMap(toBlock),
      ]
    // Calls have a field of their own in a message.
    case 'tool-call':
    case 'provider-block':
      return []
  }
}
