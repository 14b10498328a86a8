// What a tool of a server gave, as our parts.
import type { CallToolResult } from '@modelcontextprotocol/client'
import { LlmError, type Part } from '@patchbay/core'

/**
 * Text, or parts where there is more than text.
 * @throws {LlmError} `tool-failed`, with what the tool says of its failure
 */
export function toOutput({ content = [], structuredContent, isError }: CallToolResult): string | Part[] {
  const parts = content.map(toPart)
  const onlyText = parts.every((part) => part.type === 'text')
  const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n')
  if (isError) throw new LlmError('tool-failed', text || 'it gave no reason')
  if (parts.length === 0) return structuredContent === undefined ? '' : JSON.stringify(structuredContent)
  return onlyText ? text : parts
}

function toPart(block: CallToolResult['content'][number]): Part {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text }
    case 'image':
      return { type: 'image', data: block.data, mediaType: block.mimeType }
    case 'audio':
      return { type: 'audio', data: block.data, mediaType: block.mimeType }
    case 'resource': {
      const { resource } = block
      if ('text' in resource) return { type: 'text', text: resource.text }
      const mediaType = resource.mimeType ?? 'application/octet-stream'
      return mediaType.startsWith('image/')
        ? { type: 'image', data: resource.blob, mediaType }
        : { type: 'file', data: resource.blob, mediaType, name: resource.uri }
    }
    default:
      // A link to a resource, or a kind of content that came after this: the model reads it as it is.
      return { type: 'text', text: JSON.stringify(block) }
  }
}
