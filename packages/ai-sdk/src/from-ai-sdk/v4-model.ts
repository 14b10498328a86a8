// Models of specification v4 (AI SDK 7) in words of v3. Source: @ai-sdk/provider 4.0.38, November 2026.
import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3Message,
  LanguageModelV3StreamPart,
  LanguageModelV3ToolResultOutput,
  SharedV3Warning,
} from '@ai-sdk/provider'
import { isObject } from '@patchbay/core/wrap'
import { converted, mapStream } from './converted.js'

/** A language model of AI SDK 7, whose own types need Node 22. */
export interface LanguageModelV4Like {
  readonly specificationVersion: 'v4'
  readonly provider: string
  readonly modelId: string
  doStream(options: never): PromiseLike<{ stream: ReadableStream<unknown> }>
}

/** The model, called in its own words. */
export function fromV4(model: LanguageModelV4Like): LanguageModelV3 {
  return converted(model, async (call) => {
    const { stream } = await model.doStream(toV4(call) as never)
    return { stream: mapStream(stream, toV3Parts) }
  })
}

function toV4({ prompt, ...call }: LanguageModelV3CallOptions): object {
  return { ...call, prompt: prompt.map(toV4Message) }
}

function toV4Message(message: LanguageModelV3Message): object {
  if (message.role === 'system') return message
  const parts: readonly (typeof message.content)[number][] = message.content
  const content = parts.map((part) => {
    if (part.type === 'file')
      return { ...part, mediaType: part.mediaType.replace('/*', ''), data: toV4Data(part.data) }
    return part.type === 'tool-result' ? { ...part, output: toV4Output(part.output) } : part
  })
  return { ...message, content }
}

function toV4Data(data: URL | Uint8Array | string): object {
  return data instanceof URL ? { type: 'url', url: data } : { type: 'data', data }
}

function toV4Output(output: LanguageModelV3ToolResultOutput): object {
  if (output.type !== 'content') return output
  const value = output.value.map((piece) => {
    switch (piece.type) {
      case 'image-url':
        return { type: 'file', mediaType: 'image', data: toV4Data(new URL(piece.url)) }
      case 'file-url': {
        const { mediaType = 'application' } = piece as { mediaType?: string }
        return { type: 'file', mediaType, data: toV4Data(new URL(piece.url)) }
      }
      case 'image-data':
      case 'file-data':
        return { ...piece, type: 'file', data: toV4Data(piece.data) }
      default:
        return piece
    }
  })
  return { ...output, value }
}

let sources = 0

function toV3Parts(given: unknown): LanguageModelV3StreamPart[] {
  const part = given as LanguageModelV3StreamPart
  if (!isObject(given)) return [part]
  switch (given.type) {
    case 'ping':
      return []
    case 'stream-start': {
      const warnings = Array.isArray(given.warnings) ? given.warnings.map(toV3Warning) : []
      return [{ type: 'stream-start', warnings }]
    }
    case 'file': {
      const data = isObject(given.data) ? given.data : {}
      if (data.type === 'url')
        return [{ type: 'source', sourceType: 'url', id: `file-${++sources}`, url: String(data.url) }]
      return [{ ...given, data: data.data } as LanguageModelV3StreamPart]
    }
    case 'custom':
    case 'reasoning-file': {
      const feature = given.type
      const details = `Patchbay has no place for parts ${feature} of an answer; they were left out.`
      return [{ type: 'stream-start', warnings: [{ type: 'unsupported', feature, details }] }]
    }
    default:
      return [part]
  }
}

function toV3Warning(warning: { type: string; setting?: string; message?: string }): SharedV3Warning {
  return warning.type === 'deprecated'
    ? { type: 'other', message: `${warning.setting}: ${warning.message}` }
    : (warning as SharedV3Warning)
}
