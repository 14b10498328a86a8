// Converts tool results of an MCP server to parts, block by block: an invalid block does not lose the others.
import { LlmError, type Part } from '@patchbay/core'
import { asObject } from './tool-list.js'

/**
 * Text, or parts where there is more than text.
 * @throws {LlmError} `tool-failed`, with what the tool says of its failure
 */
export function toOutput(result: unknown): string | Part[] {
  const { content, structuredContent, isError } = asObject(result) ?? { content: result }
  const parts = blocksOf(content).map(toPart)
  const onlyText = parts.every((part) => part.type === 'text')
  const text =
    parts.length > 0
      ? parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n')
      : jsonOf(structuredContent)
  if (isError === true) throw new LlmError('tool-failed', text || 'it gave no reason')
  return onlyText ? text : parts
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
