// Tools as clients offer them: functions, free-form ("custom") tools, and tools that only a service can run.
import { createHash } from 'node:crypto'
import type { ServerTool, ServerToolName, Tool, ToolChoice } from '@patchbay/core'
import { quoteValue, requestError } from '../answer/http-status.js'
import { type Json, requireList, requireObject } from './body.js'
import { searchName, searchTools, type WebSearch } from './web-search.js'

/** A tool that only the client's usual service can run, or knows the input of: `web_search`, `computer`. */
export interface HostedTool {
  hosted: string
  /** Its place in the client's body. */
  where: string
  /** Of a web search: what is asked of it. Many makers have one. */
  search?: WebSearch
}

/** The client's own name of a tool, by the name that the model sees. */
export interface ToolOrigin {
  name: string
  /** The namespace that the tool belongs to (Responses API). */
  namespace?: string
  /** The tool takes free text, so its calls have another shape. */
  isCustom?: boolean
}

/** Tools with another name or another form of calls than the model sees. */
export type ToolOrigins = ReadonlyMap<string, ToolOrigin>

/** The tools for the model, and what was left out. */
export interface OfferedTools {
  tools: (Tool | ServerTool)[]
  toolChoice: ToolChoice | undefined
  /** For `x-patchbay-ignored`. */
  ignored: string[]
}

// Types with a version in the name: `web_search_20250305`.
const version = /_(\d{8}|\d{4}_\d\d_\d\d)$/

/**
 * The tools that a model can call. A web search becomes that of the model's maker. Any other hosted tool, or one that the model has no
 * like of, is left out as a hint while others are offered and nothing forces it.
 * @param serverTools those of the model, by its capabilities
 * @throws {LlmError} `invalid-request` for a hosted tool that is forced, or the only one, and that the model does not have
 */
export function offerTools(
  given: readonly (Tool | HostedTool)[],
  { choice, allowed, forced }: ToolSelection,
  serverTools: readonly ServerToolName[] = [],
): OfferedTools {
  const functions = given.filter((tool): tool is Tool => !isHosted(tool))
  const tools = allowed === undefined ? functions : functions.filter(({ name }) => allowed.has(name))
  const hosted = given.filter(isHosted)
  const isForced = ({ hosted: type }: HostedTool) => type === forced || type.replace(version, '') === forced
  // A function of the same name could not be told from it.
  const searching = functions.some(({ name }) => name === searchName)
    ? undefined
    : hosted.find(({ hosted: type, search }) => search && (allowed === undefined || allowed.has(type)))
  const isOptional = tools.length > 0 && !(searching && isForced(searching))
  const offered =
    searching?.search && choice !== 'none'
      ? searchTools(searching.search, serverTools, isOptional)
      : undefined
  const ignoredTools = offered === undefined ? hosted : hosted.filter((tool) => tool !== searching)
  const isEmpty = tools.length === 0 && offered === undefined
  const needed = ignoredTools.find(isForced) ?? (isEmpty && choice !== 'none' ? ignoredTools[0] : undefined)
  if (needed !== undefined)
    throw requestError(
      `${needed.where}: the tool ${quoteValue(needed.hosted)} runs at its own service only, and the gateway runs no tools itself. Leave it out, or offer a function.`,
    )
  const ignored = [
    ...ignoredTools.map((tool) => `tools[${labelOf(tool.hosted)}]`),
    ...(offered?.ignored ?? []).map((name) => `tools[].${searchFields[name]}`),
  ]
  const isSearchForced = offered !== undefined && searching !== undefined && isForced(searching)
  return {
    tools: [...tools, ...(offered?.tools ?? [])],
    // A choice without any tool is nothing that a model can be asked.
    toolChoice: isEmpty ? undefined : isSearchForced ? { name: searchName } : choice,
    ignored: [...new Set(ignored)],
  }
}

/** The clients' names of what is asked of a search, for `x-patchbay-ignored`. Limits are never ignored. */
const searchFields: Record<keyof WebSearch, string> = {
  allowedDomains: 'allowed_domains',
  blockedDomains: 'blocked_domains',
  location: 'user_location',
  maxUses: 'max_uses',
  contextSize: 'search_context_size',
}

function isHosted(tool: Tool | HostedTool): tool is HostedTool {
  return 'hosted' in tool
}

// The types in OpenAI's and Anthropic's references, November 2026. They are labels of a metric, so others are one label.
const hostedTypes = new Set(
  'web_search web_search_preview web_fetch file_search code_interpreter code_execution image_generation mcp mcp_toolset computer computer_toolset computer_use_preview browser_toolset local_shell shell apply_patch bash text_editor memory tool_search tool_search_tool_bm25 tool_search_tool_regex advisor programmatic_tool_calling'.split(
    ' ',
  ),
)

function labelOf(type: string): string {
  const name = type.replace(version, '')
  return hostedTypes.has(name) ? name : 'other'
}

/** A free-form tool as a function with one text, which is how every model can call it. */
export function customTool(name: string, { description, format }: Json): Tool {
  const { syntax, definition, grammar } = (format ?? {}) as Json
  // Responses has the grammar in the format itself, Chat Completions one level deeper.
  const rule = (grammar ?? { syntax, definition }) as { syntax?: unknown; definition?: unknown }
  const texts = [
    typeof description === 'string' ? description : '',
    typeof rule.definition === 'string'
      ? `The input must match this ${typeof rule.syntax === 'string' ? rule.syntax : ''} grammar:\n${rule.definition}`
      : '',
  ].filter((text) => text !== '')
  return {
    name,
    ...(texts.length > 0 && { description: texts.join('\n\n') }),
    input: {
      type: 'object',
      properties: { input: { type: 'string', description: 'The whole input, as text.' } },
      required: ['input'],
      additionalProperties: false,
    },
  }
}

/** The free text of a custom tool's call. */
export function customInput(input: unknown): string {
  const { input: text, $unparsed: raw } = (input ?? {}) as { input?: unknown; $unparsed?: unknown }
  if (typeof text === 'string') return text
  return typeof raw === 'string' ? raw : JSON.stringify(input ?? {})
}

/** A client's tool choice: what it means for the model, which tools it allows, and a hosted tool that it forces. */
export interface ToolSelection {
  choice: ToolChoice | undefined
  /** The names that the model sees, and types of hosted tools; all tools if undefined. */
  allowed?: ReadonlySet<string>
  /** The type of a hosted tool. */
  forced?: string
}

/**
 * The tool choice of both of OpenAI's protocols: Chat Completions has the name in `function` or `custom`, Responses beside the
 * type.
 * @throws {LlmError} `invalid-request`
 */
export function toToolSelection(value: unknown): ToolSelection {
  if (value === undefined || value === null) return { choice: undefined }
  if (value === 'auto' || value === 'none' || value === 'required') return { choice: value }
  const choice = requireObject(value, 'tool_choice')
  if (choice.type === 'allowed_tools') {
    const { mode, tools } = requireObject(choice.allowed_tools ?? choice, 'tool_choice')
    const allowed = requireList(tools, 'tool_choice.tools').map((given) => {
      const tool = requireObject(given, 'tool_choice.tools')
      return nameIn(tool) ?? (typeof tool.type === 'string' ? tool.type : undefined)
    })
    return {
      choice: mode === 'required' ? 'required' : undefined,
      allowed: new Set(allowed.filter((name) => name !== undefined)),
    }
  }
  const name = nameIn(choice)
  if (name !== undefined && choice.type !== 'mcp') return { choice: { name } }
  if (typeof choice.type === 'string' && choice.type !== 'function' && choice.type !== 'custom')
    return { choice: undefined, forced: choice.type }
  throw requestError("tool_choice: must be 'auto', 'none', 'required', allowed_tools or a tool with a name.")
}

function nameIn({ function: called, custom, ...choice }: Json): string | undefined {
  const { name, namespace } = requireObject(called ?? custom ?? choice, 'tool_choice')
  return typeof name === 'string' ? modelToolName(name, namespace) : undefined
}

/** Names of tools have at most 64 characters at most services. */
const maxName = 64

/** The name that the model sees of a tool in a namespace. */
export function modelToolName(name: string, namespace: unknown): string {
  if (typeof namespace !== 'string' || namespace === '') return name
  const joined = `${namespace}__${name}`
  if (joined.length <= maxName) return joined
  const hash = createHash('sha256').update(joined).digest('hex').slice(0, 8)
  return `${joined.slice(0, maxName - 9)}_${hash}`
}
