// Request of a local model: turns messages and their parts into what chat templates expect.
import { randomUUID } from 'node:crypto'
import { LlmError, type Part, type PreparedChat, type PreparedMessage, type Warning } from '@patchbay/core'
import {
  failedResultAsText,
  type OmissionWarner,
  omissionWarner,
  separateMedia,
  toBase64,
  warnOfMarks,
} from '@patchbay/core/wire'
import { infillText } from './options/call-options.js'
import { samplerOptions } from './options/sampler-options.js'
import type { ChatJob, ChatMedia, TemplateMessage } from './supervisor/protocol.js'

/** The worker's job for a chat request. `withMedia`: the model has a projector for images and sound. */
export function toChatJob(chat: PreparedChat, warn: (warning: Warning) => void, withMedia = false): ChatJob {
  const media = new MediaCollector()
  const {
    messages: given,
    output,
    tools,
    toolChoice,
    parallelToolCalls,
    reasoning,
    providerOptions,
    ...options
  } = chat
  const messages = withMedia
    ? given.map((message) => ({ ...message, content: media.replaceIn(message.content) }))
    : given
  const offered = toolChoice === 'none' ? [] : tools
  const toolName = typeof toolChoice === 'object' && toolChoice.name
  const sampler = samplerOptions(providerOptions)
  const infill = infillText(providerOptions)
  if (infill !== undefined && (tools.length > 0 || output !== undefined))
    throw new LlmError('unsupported', 'Fill in the middle has no tools and no JSON output. Leave them out.')
  return {
    ...options,
    ...(Object.keys(sampler).length > 0 && { sampler }),
    ...(infill && { infill }),
    messages: toTemplateMessages(messages, omissionWarner('A local model', warn)),
    ...(media.data.length > 0 && { media: { mark: media.mark, data: media.data } }),
    ...(offered.length > 0 && {
      tools: offered.map(({ name, description, schema }) => ({
        type: 'function' as const,
        function: { name, ...(description !== undefined && { description }), parameters: schema },
      })),
    }),
    ...(typeof reasoning === 'string' && { reasoning }),
    ...(typeof reasoning === 'object' &&
      (reasoning.budgetTokens === 0
        ? { reasoning: 'off' as const }
        : { thinkingBudget: reasoning.budgetTokens })),
    ...((toolName || toolChoice === 'required') && { forcedCall: toolName || (true as const) }),
    ...(parallelToolCalls === false && { singleCall: true }),
    ...(output && { json: output.schema === undefined ? {} : { schema: output.schema } }),
  }
}

/** Collects images and sound with bytes, and puts a mark in their place that no text of a caller can contain. */
class MediaCollector {
  readonly mark = `media-${randomUUID()}`
  readonly data: ChatMedia['data'] = []

  replaceIn(parts: Part[]): Part[] {
    return parts.map((part): Part => {
      if (part.type === 'tool-result' && typeof part.output !== 'string')
        return { ...part, output: this.replaceIn(part.output) }
      if ((part.type !== 'image' && part.type !== 'audio') || part.data === undefined) return part
      this.data.push({ type: part.type, base64: toBase64(part.data) })
      return { type: 'text', text: this.mark }
    })
  }
}

function toTemplateMessages(messages: PreparedMessage[], lost: OmissionWarner): TemplateMessage[] {
  warnOfMarks(messages, lost)
  return messages.flatMap(({ role, content }): TemplateMessage[] => {
    if (role === 'tool') return content.flatMap(toolMessage)
    if (content.some(({ type }) => type === 'provider-block')) lost('provider-block')
    const parts = textParts(content)
    const reasoning = textOf(parts, 'reasoning')
    const calls = parts.flatMap((part) =>
      part.type === 'tool-call'
        ? [
            {
              type: 'function' as const,
              id: part.id,
              function: { name: part.name, arguments: part.input ?? {} },
            },
          ]
        : [],
    )
    return [
      {
        role,
        content: textOf(parts, 'text', 'refusal'),
        ...(reasoning !== '' && { reasoning_content: reasoning }),
        ...(calls.length > 0 && { tool_calls: calls }),
      },
    ]
  })
}

function toolMessage(part: Part): TemplateMessage[] {
  if (part.type !== 'tool-result') return []
  const content = textOf(textParts(failedResultAsText(part)), 'text')
  const { id, name } = part
  return [{ role: 'tool', content, tool_call_id: id, ...(name !== undefined && { name }) }]
}

/** The parts of text. Media are refused: core's capability check only knows the model once it is loaded. */
function textParts(content: Part[]): Part[] {
  const { said, shown } = separateMedia(content)
  if (shown[0] !== undefined)
    throw new LlmError(
      'unsupported',
      `A local model accepts text only, no part of type ${shown[0].type}. Remove it, or give the model its projector (\`mmproj\`), which reads images and sound.`,
    )
  return said
}

function textOf(parts: Part[], ...types: ('text' | 'refusal' | 'reasoning')[]): string {
  return parts
    .map((part) => ('text' in part && types.some((type) => type === part.type) ? part.text : ''))
    .join('')
}
