// Converts a call of the AI SDK to a request. Source: @ai-sdk/provider 3.0.19, specification v3, November 2026.
import type { LanguageModelV3CallOptions } from '@ai-sdk/provider'
import type { ChatRequest, JsonSchema, Tool } from '@patchbay/core'
import type { LeftOut } from '@patchbay/core/wire'
import { omitUndefined } from '@patchbay/core/wrap'
import { markIn, markOf } from '../cache-marks.js'
import { inV3, reasoningOf } from './from-v4.js'
import { chatRequestOptions } from './ignored-options.js'
import { toMessage } from './prompt.js'
import { toServerTool } from './server-tools.js'

/**
 * `providerOptions.patchbay` holds what the AI SDK has no word for: `reasoning`, `minP`, `parallelToolCalls` …; its `call` is no
 * part of the question: call-options.ts.
 */
export function toRequest(call: LanguageModelV3CallOptions, lost: LeftOut): ChatRequest {
  if (call.includeRawChunks) lost('includeRawChunks')
  return omitUndefined({
    messages: call.prompt
      .map((message) => inV3(message, lost))
      .map((message) => ({ ...toMessage(message, lost), ...markOf(message, lost) })),
    ...toTools(call, lost),
    output: toOutputSpec(call.responseFormat, lost),
    maxOutputTokens: call.maxOutputTokens,
    temperature: call.temperature,
    topP: call.topP,
    topK: call.topK,
    seed: call.seed,
    stop: call.stopSequences,
    frequencyPenalty: call.frequencyPenalty,
    presencePenalty: call.presencePenalty,
    reasoning: reasoningOf(call, lost),
    // What a model cannot is a warning there.
    onUnsupported: 'warn',
    ...chatRequestOptions(call.providerOptions, lost),
  })
}

function toOutputSpec(
  format: LanguageModelV3CallOptions['responseFormat'],
  lost: LeftOut,
): ChatRequest['output'] | undefined {
  if (format?.type !== 'json') return undefined
  const { schema, name, description } = format
  if (schema === undefined) {
    if (name !== undefined) lost('responseFormat.name')
    if (description !== undefined) lost('responseFormat.description')
    return 'json'
  }
  if (description !== undefined && schema.description !== undefined && schema.description !== description)
    lost('responseFormat.description', 'The schema has a description of its own.', 'That one was sent.')
  return {
    schema: { ...(description !== undefined && { description }), ...schema } as JsonSchema,
    ...(name !== undefined && { name }),
  }
}

function toTools(
  { tools, toolChoice }: LanguageModelV3CallOptions,
  lost: LeftOut,
): Pick<ChatRequest, 'tools' | 'toolChoice'> {
  const names = new Map<string, string>()
  const taken = tools?.flatMap((tool) => {
    const made = toTool(tool, lost)
    for (const { name } of made) names.set(tool.name, name)
    return made
  })
  const nameOf = (name: string) => ({ name: names.get(name) ?? name })
  const choice = toolChoice && (toolChoice.type === 'tool' ? nameOf(toolChoice.toolName) : toolChoice.type)
  // A choice that only a tool left out could meet goes with it.
  const isMet =
    taken?.length === tools?.length ||
    choice === 'auto' ||
    choice === 'none' ||
    taken?.some(({ name }) => choice === 'required' || name === choice?.name)
  if (choice !== undefined && !isMet) lost('toolChoice')
  return { ...(taken && { tools: taken }), ...(choice !== undefined && isMet && { toolChoice: choice }) }
}

function toTool(tool: NonNullable<LanguageModelV3CallOptions['tools']>[number], lost: LeftOut): Tool[] {
  if (tool.type !== 'function') {
    const own = toServerTool(tool)
    if (own !== undefined) return [own]
    const { id, name } = tool
    lost(
      id,
      `The tool ${name} (${id}) is run by a service itself.`,
      'It was left out. Use a tool of your own.',
    )
    return []
  }
  const { name, description, inputSchema, strict, inputExamples, providerOptions } = tool
  if (strict) lost('strict', 'Tools have no strict mode in Patchbay.', 'They were sent without it.')
  if (inputExamples?.length)
    lost(
      'inputExamples',
      'Tools have no examples in Patchbay.',
      'They were left out. addToolInputExamplesMiddleware puts them into the description.',
    )
  if (markIn(providerOptions, lost))
    lost(
      'cache',
      'Only messages have cache marks in Patchbay.',
      'Those of tools were left out. Mark the system message instead: its mark includes the tools.',
    )
  return [{ name, ...(description !== undefined && { description }), input: inputSchema as JsonSchema }]
}
