// A call of the AI SDK as our request. Source: @ai-sdk/provider 3.0.19, specification v3, November 2026.
import type {
  LanguageModelV3CallOptions,
  LanguageModelV3FilePart,
  LanguageModelV3Message,
  LanguageModelV3ToolResultOutput,
} from '@ai-sdk/provider'
import {
  type ChatRequest,
  type JsonSchema,
  LlmError,
  type Message,
  type Part,
  type Tool,
} from '@patchbay/core'
import { defined, withHidden } from '@patchbay/core/wrap'
import { hiddenIn } from './hidden.js'

/**
 * `providerOptions.patchbay` holds what the AI SDK has no word for: `reasoning`, `minP`, `parallelToolCalls` …; its `call` is no
 * part of the question: call-options.ts.
 */
export function toRequest(options: LanguageModelV3CallOptions): ChatRequest {
  const { prompt, responseFormat, tools, toolChoice, stopSequences, providerOptions = {} } = options
  const { patchbay: { call: _, ...more } = {}, ...others } = providerOptions
  return defined({
    messages: prompt.map(toMessage),
    tools: tools?.map(toTool),
    toolChoice: toolChoice && (toolChoice.type === 'tool' ? { name: toolChoice.toolName } : toolChoice.type),
    output:
      responseFormat?.type !== 'json'
        ? undefined
        : responseFormat.schema === undefined
          ? 'json'
          : {
              schema: responseFormat.schema as JsonSchema,
              ...(responseFormat.name !== undefined && { name: responseFormat.name }),
            },
    maxOutputTokens: options.maxOutputTokens,
    temperature: options.temperature,
    topP: options.topP,
    topK: options.topK,
    seed: options.seed,
    stop: stopSequences,
    frequencyPenalty: options.frequencyPenalty,
    presencePenalty: options.presencePenalty,
    providerOptions: Object.keys(others).length > 0 ? others : undefined,
    // What a model cannot is a warning there.
    onUnsupported: 'warn',
    ...more,
  })
}

function toMessage(message: LanguageModelV3Message): Message {
  switch (message.role) {
    case 'system':
      return { role: 'system', content: message.content }
    case 'user':
      return {
        role: 'user',
        content: message.content.map((part) =>
          part.type === 'text' ? { type: 'text', text: part.text } : toMedia(part),
        ),
      }
    case 'assistant': {
      const parts = message.content.map(toAssistantPart)
      const hidden = hiddenIn(message.content)
      return { role: 'assistant', content: [...(hidden === undefined ? parts : withHidden(parts, hidden))] }
    }
    case 'tool':
      return {
        role: 'tool',
        content: message.content.map((part): Part => {
          if (part.type !== 'tool-result')
            throw unsupported('approvals of tools that the service runs itself')
          const { toolCallId: id, toolName: name, output } = part
          const isError = output.type.startsWith('error') || output.type === 'execution-denied'
          return { type: 'tool-result', id, name, output: toOutput(output), ...(isError && { isError }) }
        }),
      }
  }
}

type AssistantPart = Extract<LanguageModelV3Message, { role: 'assistant' }>['content'][number]

function toAssistantPart(part: AssistantPart): Part {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return { type: part.type, text: part.text }
    case 'file':
      return toMedia(part)
    case 'tool-call':
      return { type: 'tool-call', id: part.toolCallId, name: part.toolName, input: part.input }
    case 'tool-result':
      throw unsupported('results of tools that the service runs itself')
  }
}

function toOutput(output: LanguageModelV3ToolResultOutput): string | Part[] {
  switch (output.type) {
    case 'text':
    case 'error-text':
      return output.value
    case 'json':
    case 'error-json':
      return JSON.stringify(output.value)
    case 'execution-denied':
      return output.reason ?? 'The user did not allow it.'
    case 'content':
      return output.value.map((part): Part => {
        switch (part.type) {
          case 'text':
            return { type: 'text', text: part.text }
          case 'file-data':
          case 'image-data':
            return media(part.data, part.mediaType)
          case 'image-url':
            return { type: 'image', url: part.url }
          case 'file-url':
            return { type: 'file', url: part.url }
          default:
            throw unsupported(`a part ${part.type} in the result of a tool`)
        }
      })
  }
}

function toMedia({ data, mediaType, filename }: LanguageModelV3FilePart): Part {
  if (data instanceof URL) {
    if (mediaType.startsWith('image/')) return { type: 'image', url: data.href }
    return { type: 'file', url: data.href, mediaType, ...(filename !== undefined && { name: filename }) }
  }
  return media(data, mediaType, filename)
}

function media(data: Uint8Array | string, mediaType: string, name?: string): Part {
  // `image/*` is how the AI SDK says that it does not know; the bytes tell.
  if (mediaType.startsWith('image/')) return { type: 'image', data, mediaType: mediaType.replace('*', 'png') }
  if (mediaType.startsWith('audio/')) return { type: 'audio', data, mediaType }
  return { type: 'file', data, mediaType, ...(name !== undefined && { name }) }
}

function toTool(tool: NonNullable<LanguageModelV3CallOptions['tools']>[number]): Tool {
  if (tool.type !== 'function') throw unsupported(`the tool ${tool.name}, which a service runs itself`)
  const { name, description, inputSchema } = tool
  return {
    name,
    ...(description !== undefined && { description }),
    input: inputSchema as Record<string, unknown>,
  }
}

function unsupported(what: string): LlmError {
  return new LlmError(
    'unsupported',
    `Patchbay has no place for ${what}. Leave it out, or use a tool of your own.`,
  )
}
