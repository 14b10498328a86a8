// Provider-defined tools of the AI SDK as Patchbay's server tools. Sources: the tools of @ai-sdk/anthropic 3.0.140 and @ai-sdk/openai
// 3.0.141, which the tests compare with, and ai-sdk.dev/providers/ai-sdk-providers/google-generative-ai, November 2026.
import type { LanguageModelV3CallOptions } from '@ai-sdk/provider'
import type { ServerTool, ServerToolDefinition, ServerToolKind } from '@patchbay/core'
import { serverTool } from '@patchbay/core/wire'
import { isObject, omitUndefined } from '@patchbay/core/wrap'

type Json = Record<string, unknown>
type ProviderTool = Extract<NonNullable<LanguageModelV3CallOptions['tools']>[number], { type: 'provider' }>

// The versions that Patchbay's own functions for these tools make: the backend knows what else they need.
const ofAnthropic: Record<string, ServerToolKind> = {
  web_search_20250305: 'webSearch',
  web_search_20260209: 'webSearch',
  web_fetch_20250910: 'webFetch',
  web_fetch_20260209: 'webFetch',
  code_execution_20250825: 'codeExecution',
  computer_20251124: 'computer',
}

interface OpenAITool {
  kind: ServerToolKind
  /** What the answer is to have beside the text. */
  include?: string
  definition?: (args: Json) => Json
}
const ofOpenAI: Record<string, OpenAITool> = {
  web_search: { kind: 'webSearch', include: 'web_search_call.action.sources' },
  file_search: {
    ...{ kind: 'fileSearch', include: 'file_search_call.results' },
    definition: ({ ranking, filters, ...args }) => ({
      ...snakeCase(args),
      ...(isObject(ranking) && { ranking_options: snakeCase(ranking) }),
      // Its keys are attributes of the app's files.
      filters,
    }),
  },
  code_interpreter: {
    ...{ kind: 'codeExecution', include: 'code_interpreter_call.outputs' },
    definition: ({ container }) => ({
      container: typeof container === 'string' ? container : { type: 'auto', ...snakeCase(container ?? {}) },
    }),
  },
  image_generation: { kind: 'imageGeneration' },
  mcp: {
    kind: 'mcp',
    definition: ({ headers, requireApproval = 'never', ...args }) => ({
      ...snakeCase({ ...args, requireApproval }),
      headers,
    }),
  },
}

const ofGoogle: Record<string, { kind: ServerToolKind; field: string }> = {
  google_search: { kind: 'webSearch', field: 'googleSearch' },
  url_context: { kind: 'webFetch', field: 'urlContext' },
  code_execution: { kind: 'codeExecution', field: 'codeExecution' },
  file_search: { kind: 'fileSearch', field: 'fileSearch' },
  google_maps: { kind: 'maps', field: 'googleMaps' },
}

/** The server tool; `undefined` if Patchbay does not have it. A model of another maker leaves it out, with a warning. */
export function toServerTool({ id, name, args }: ProviderTool): ServerTool | undefined {
  const [maker = '', type = ''] = id.split('.')
  const made = makers[maker]?.(type, args)
  // Calls come under Anthropic's own names.
  return made && serverTool(typeof made.definition.name === 'string' ? made.definition.name : name, made)
}

const makers: Partial<Record<string, (type: string, args: Json) => ServerToolDefinition | undefined>> = {
  anthropic(type, args) {
    const kind = own(ofAnthropic, type)
    const name = type.replace(/_\d+$/, '')
    return kind && { ...{ provider: 'claude', kind }, definition: { type, name, ...snakeCase(args) } }
  },
  openai(type, args) {
    const tool = own(ofOpenAI, type)
    if (tool === undefined) return undefined
    const { kind, include, definition = snakeCase } = tool
    const { authorization, headers } = args
    const secrets = [authorization, ...Object.values(isObject(headers) ? headers : {})].filter(
      (secret): secret is string => typeof secret === 'string' && secret !== '',
    )
    return {
      ...{ provider: 'openai', kind, definition: omitUndefined({ type, ...definition(args) }) },
      ...(include !== undefined && { body: { include: [include] } }),
      ...(secrets.length > 0 && { secrets }),
    }
  },
  google(type, args) {
    const tool = own(ofGoogle, type)
    return tool && { provider: 'gemini', kind: tool.kind, definition: { [tool.field]: args } }
  },
}

function own<Value>(table: Record<string, Value>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

/** The fields of arguments under the names of the service's API; undefined ones are left out. */
function snakeCase(value: object): Json {
  const renamed = (one: unknown): unknown =>
    Array.isArray(one) ? one.map(renamed) : isObject(one) ? snakeCase(one) : one
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .map(([name, one]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), renamed(one)]),
  )
}
