// Converts tool results of an MCP server to parts, block by block: an invalid block does not lose the others.
import { LlmError, type Part } from '@patchbay/core'
import { asObject } from './tool-list.js'

/** A result, in two: what the model gets, and the parts that the server marked as for the user only. */
export interface ToolOutput {
  /** Text, or parts where there is more than text. */
  output: string | Part[]
  forUser: Part[]
}

/** @throws {LlmError} `tool-failed`, with what the tool says of its failure */
export function toOutput(result: unknown): ToolOutput {
  const { content, structuredContent, isError } = asObject(result) ?? { content: result }
  const blocks = blocksOf(content)
  // The model has to know why a call failed, whoever else is to read it.
  if (isError === true)
    throw new LlmError('tool-failed', joined(blocks, structuredContent) || 'it gave no reason')
  const own = blocks.filter(isForModel)
  const forUser = toParts(blocks.filter((block) => !isForModel(block)))
  const parts = toParts(own)
  if (!parts.every((part) => part.type === 'text')) return { output: parts, forUser }
  const output = joined(own, structuredContent)
  return {
    output: output === '' && forUser.length > 0 ? 'Done. The result was for the user.' : output,
    forUser,
  }
}

/** Content blocks as parts. */
export function toParts(blocks: readonly unknown[]): Part[] {
  return blocks.map(toPart)
}

/** The text of the blocks; the structure, where there are none. */
function joined(blocks: readonly unknown[], structuredContent: unknown): string {
  if (blocks.length === 0) return jsonOf(structuredContent)
  return toParts(blocks)
    .map((part) => (part.type === 'text' ? part.text : ''))
    .join('\n')
}

/** `audience` says for whom a block is; without it, for both. */
function isForModel(block: unknown): boolean {
  const { audience } = asObject(asObject(block)?.annotations) ?? {}
  return !Array.isArray(audience) || !audience.includes('user') || audience.includes('assistant')
}

function blocksOf(content: unknown): unknown[] {
  if (content === undefined || content === null) return []
  return Array.isArray(content) ? content : [content]
}

function toPart(block: unknown): Part {
  const { type, text, data, mimeType, resource } = asObject(block) ?? {}
  if (typeof block === 'string') return { type: 'text', text: block }
  switch (type) {
    case 'text':
      return { type: 'text', text: typeof text === 'string' ? text : jsonOf(text) }
    case 'image':
    case 'audio':
      return isBase64(data) && typeof mimeType === 'string'
        ? { type, data, mediaType: mimeType }
        : { type: 'text', text: `[${type} that cannot be read]` }
    case 'resource': {
      const { text: words, blob, uri, mimeType: kind } = asObject(resource) ?? {}
      if (typeof words === 'string') return { type: 'text', text: words }
      if (!isBase64(blob)) break
      const mediaType = typeof kind === 'string' ? kind : 'application/octet-stream'
      if (mediaType.startsWith('image/')) return { type: 'image', data: blob, mediaType }
      return { type: 'file', data: blob, mediaType, ...(typeof uri === 'string' && { name: uri }) }
    }
  }
  // A link to a resource, or a kind of content that came after this: the model reads it as it is.
  return { type: 'text', text: jsonOf(block) }
}

function isBase64(data: unknown): data is string {
  return typeof data === 'string' && data !== '' && /^[\w+/=-]*$/.test(data)
}

function jsonOf(value: unknown): string {
  return value === undefined || value === null ? '' : JSON.stringify(value)
}
