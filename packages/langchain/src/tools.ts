// Converts tools and tool choices, in all forms that LangChain's models accept.
import type { BaseChatModelCallOptions, BindToolsInput } from '@langchain/core/language_models/chat_models'
import { convertToOpenAITool, isLangChainTool } from '@langchain/core/utils/function_calling'
import type { ServerTool, Tool, ToolChoice } from '@patchbay/core'
import { isObject } from '@patchbay/core/wrap'
import type { Json } from './standard-blocks.js'
import type { Lost } from './unsupported-content.js'

/**
 * A server tool of Patchbay (`claude.tools.webSearch()`) goes through as it is.
 * @throws {LlmError} `unsupported` for a tool that a service runs itself in the service's own form, and for anything that is not a tool
 */
export function toTool(given: BindToolsInput, lost: Lost): Tool[] {
  const tool = given as Json
  if (isServerTool(tool)) return [tool]
  const isOurs = isLangChainTool(given)
  const { type, function: called, ...rest } = isOurs ? convertToOpenAITool(given) : (tool as Json)
  const inner: Json = isObject(called) ? called : rest
  const { name, description, parameters, input_schema, ...more } = inner
  const isFunction = type === undefined || type === 'function' || type === 'custom'
  const input =
    parameters ?? input_schema ?? (isObject(called) ? { type: 'object', properties: {} } : undefined)
  if (!isFunction || typeof name !== 'string' || !isObject(input))
    return lost.whole(
      isFunction
        ? `the tool ${name ?? JSON.stringify(tool)} without a schema`
        : `the tool ${type}, which a service runs itself, in this form; its maker's package has it: claude.tools, openai.tools, gemini.tools`,
    )
  const others = { ...more, ...(isOurs ? { extras: tool.extras } : isObject(called) ? rest : {}) }
  for (const [key, value] of Object.entries(others))
    if (value !== undefined && value !== null) lost.detail(`${key} of a tool`)
  return [{ name, ...(typeof description === 'string' && { description }), input }]
}

function isServerTool(tool: Json): tool is Json & ServerTool {
  return isObject(tool.server) && typeof tool.name === 'string'
}

/** Tool choices of LangChain, and the objects of OpenAI, Claude and Bedrock. */
export function toToolChoice(
  given: NonNullable<BaseChatModelCallOptions['tool_choice']>,
  lost: Lost,
): { toolChoice?: ToolChoice; parallelToolCalls?: boolean } {
  if (typeof given === 'string') return { toolChoice: choiceOf(given) ?? { name: given } }
  const { type, name, function: called, disable_parallel_tool_use: alone, tool, ...rest } = given as Json
  const named = [called, tool, { name }].find((one) => isObject(one) && typeof one.name === 'string')
  const [word = type] = Object.keys(rest)
  const toolChoice = isObject(named) ? { name: String(named.name) } : choiceOf(word)
  if (toolChoice === undefined) {
    lost.whole(`the tool_choice ${JSON.stringify(given)}`)
    return {}
  }
  return { toolChoice, ...(alone === true && { parallelToolCalls: false }) }
}

function choiceOf(word: unknown): ToolChoice | undefined {
  if (word === 'any' || word === 'required') return 'required'
  return word === 'auto' || word === 'none' ? word : undefined
}
