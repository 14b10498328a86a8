// Converts blocks of LangChain 0 and of single services to LangChain's standard blocks without loss: LangChain's own
// `contentBlocks` leaves out names of files, the detail of images and more. Source: @langchain/core 1.4.0, November 2026.
import { isObject, omitUndefined } from '@patchbay/core/wrap'

export type Json = Record<string, unknown>

/** A block as LangChain's standard has it; unknown ones as they are. */
export function standardBlock(block: Json): Json {
  const { type, source_type, source, ...rest } = block
  if (typeof source_type === 'string') return fromVersion0(block)
  if ((type === 'image' || type === 'document') && isObject(source)) return fromClaude(type, source, rest)
  switch (type) {
    case 'image_url': {
      const { image_url, ...more } = rest
      return { type: 'image', ...more, ...(isObject(image_url) ? image_url : { url: image_url }) }
    }
    case 'input_audio': {
      const { input_audio, ...more } = rest
      if (!isObject(input_audio)) return block
      const { format, ...audio } = input_audio
      return { type: 'audio', ...more, ...audio, mimeType: `audio/${format ?? 'wav'}` }
    }
    case 'file': {
      const { file, ...more } = rest
      if (!isObject(file)) return block
      const { file_data, file_id: fileId, filename, ...others } = file
      return { type, ...more, ...others, ...omitUndefined({ data: file_data, fileId, filename }) }
    }
    case 'thinking': {
      const { thinking: reasoning, ...more } = rest
      return { type: 'reasoning', reasoning, ...more }
    }
    case 'tool_use': {
      const { input: args, ...more } = rest
      return { type: 'tool_call', args, ...more }
    }
    default:
      return block
  }
}

function fromVersion0({ source_type, mime_type, ...block }: Json): Json {
  const standard = { ...block, ...omitUndefined({ mimeType: mime_type }) }
  if (source_type === 'id') {
    const { id: fileId, ...more } = standard as Json
    return { ...more, fileId }
  }
  return source_type === 'text' && block.type !== 'text' ? { ...standard, type: 'text-plain' } : standard
}

function fromClaude(kind: 'image' | 'document', source: Json, rest: Json): Json {
  const { type, media_type: mimeType, data, url, file_id: fileId, ...more } = source
  const common = { ...rest, ...more, ...omitUndefined({ mimeType, url, fileId }) }
  return type === 'text'
    ? { type: 'text-plain', ...common, text: data }
    : { type: kind === 'image' ? 'image' : 'file', ...common, ...omitUndefined({ data }) }
}
