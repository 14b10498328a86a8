// Models of specification v2 (AI SDK 5) in words of v3. Source: @ai-sdk/provider 3.0.19, which has both, November 2026.
import type {
  LanguageModelV2,
  LanguageModelV2CallOptions,
  LanguageModelV2CallWarning,
  LanguageModelV2StreamPart,
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3Message,
  LanguageModelV3StreamPart,
  LanguageModelV3ToolResultOutput,
  SharedV3Warning,
} from '@ai-sdk/provider'
import { LlmError } from '@patchbay/core'
import { converted, mapStream } from './converted.js'

/** The model, called in its own words. */
export function fromV2(model: LanguageModelV2): LanguageModelV3 {
  return converted(model, async (call) => {
    const { stream } = await model.doStream(toV2(call))
    return { stream: mapStream(stream, toV3Parts) }
  })
}

function toV2({ prompt, ...call }: LanguageModelV3CallOptions): LanguageModelV2CallOptions {
  return { ...call, prompt: prompt.map(toV2Message) } as LanguageModelV2CallOptions
}

function toV2Message(message: LanguageModelV3Message): object {
  if (message.role === 'system') return message
  const parts: readonly (typeof message.content)[number][] = message.content
  const content = parts.map((part) =>
    part.type === 'tool-result' ? { ...part, output: toV2Output(part.output) } : part,
  )
  return { ...message, content }
}

/** @throws {LlmError} `unsupported` for an address, which results of tools cannot have */
function toV2Output(output: LanguageModelV3ToolResultOutput): object {
  if (output.type !== 'content') return output
  const value = output.value.map((piece) => {
    if (piece.type === 'text') return piece
    if (piece.type === 'image-data' || piece.type === 'file-data')
      return { type: 'media', data: piece.data, mediaType: piece.mediaType }
    throw new LlmError(
      'unsupported',
      'AI SDK 5 does not accept addresses of images and files in results of tools. Send the data.',
    )
  })
  return { ...output, value }
}

function toV3Parts(part: LanguageModelV2StreamPart): LanguageModelV3StreamPart[] {
  switch (part.type) {
    case 'stream-start':
      return [{ type: 'stream-start', warnings: part.warnings.map(toV3Warning) }]
    case 'finish': {
      const { finishReason, usage } = part
      const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens } = usage
      return [
        {
          type: 'finish',
          finishReason: { unified: finishReason === 'unknown' ? 'other' : finishReason, raw: undefined },
          usage: {
            inputTokens: {
              total: inputTokens,
              noCache: undefined,
              cacheRead: cachedInputTokens,
              cacheWrite: undefined,
            },
            outputTokens: { total: outputTokens, text: undefined, reasoning: reasoningTokens },
          },
        },
      ]
    }
    default:
      return [part as LanguageModelV3StreamPart]
  }
}

function toV3Warning(warning: LanguageModelV2CallWarning): SharedV3Warning {
  if (warning.type === 'other') return warning
  const feature = warning.type === 'unsupported-setting' ? String(warning.setting) : warning.tool.name
  const { details } = warning
  return { type: 'unsupported', feature, ...(details !== undefined && { details }) }
}
