// Checks the tools of a request and converts their schemas to JSON Schema. Loaded with the first request that has one.

import type { PreparedServerTool, PreparedTool } from '../contract/backend.js'
import { invalid } from '../contract/errors.js'
import type { ChatRequest } from '../contract/request.js'
import type { Warning } from '../contract/response.js'
import type { Tool } from '../contract/tool.js'
import { describe } from '../describe.js'
import { isObject } from '../object.js'
import { convertible } from '../schema/converter.js'
import { toJsonSchema } from '../schema/schema.js'
import { checkTools } from './request-names.js'
import { wellFormed } from './unicode.js'

/**
 * The tools as a backend gets them.
 * @throws {LlmError} `invalid-request` for invalid tools or an invalid choice
 */
export async function prepareTools(
  { tools = [], toolChoice }: ChatRequest,
  warnings: Warning[],
): Promise<{ tools: PreparedTool[]; serverTools?: PreparedServerTool[] }> {
  checkTools(tools)
  if (toolChoice !== undefined && !isObject(toolChoice) && !choices.has(toolChoice))
    throw invalid('toolChoice', "must be 'auto', 'none', 'required' or { name }")
  if (tools.length === 0 && (toolChoice === 'required' || isObject(toolChoice)))
    throw invalid('toolChoice', 'asks for a tool, but the request has no tools')
  if (isObject(toolChoice) && !tools.some((tool) => tool.name === toolChoice.name))
    throw invalid('toolChoice', `names "${describe(toolChoice.name)}", which is not one of the tools`)
  /** The makers of the tools of each name. */
  const names = new Map<string, Set<unknown>>()
  const prepared: PreparedTool[] = []
  const serverTools: PreparedServerTool[] = []
  for (const [index, tool] of tools.entries()) {
    const { name, description, input, timeout = 1, server }: Tool = tool
    if (typeof name !== 'string' || !/^[\w-]{1,64}$/.test(name))
      throw invalid(`tools[${index}].name`, 'must be 1 to 64 letters, digits, _ or -')
    // Tools of several makers may stand in for each other under one name.
    const maker = server === undefined ? own : server.provider
    const makers = names.get(name)
    if (makers && (maker === own || makers.has(own) || makers.has(maker)))
      throw invalid(`tools[${index}].name`, `repeats ${name}: tool names must differ`)
    names.set(name, new Set(makers).add(maker))
    if (description !== undefined && typeof description !== 'string')
      throw invalid(`tools[${index}].description`, 'must be a string')
    if (!(typeof timeout === 'number' && timeout > 0))
      throw invalid(
        `tools[${index}].timeout`,
        `must be milliseconds above 0, not ${describe(timeout)} (${typeof timeout})`,
      )
    if (server !== undefined) {
      checkServer(server, `tools[${index}].server`)
      serverTools.push({ name, server })
      continue
    }
    const schema = toJsonSchema(await convertible(input), `tools[${index}].input`, warnings)
    if (typeof schema.type === 'string' && schema.type !== 'object')
      throw invalid(
        `tools[${index}].input`,
        `must be the schema of an object, z.object({ city: z.string() }), not of type ${schema.type}`,
      )
    prepared.push({
      name,
      schema,
      ...(description !== undefined && { description: wellFormed(description, warnings) }),
    })
  }
  return { tools: prepared, ...(serverTools.length > 0 && { serverTools }) }
}

/** Server tools come from the makers' own functions, and from JSON that was made of them. */
function checkServer(server: unknown, at: string): void {
  const { provider, kind, definition, maxUses = 1, isOptional = false } = isObject(server) ? server : {}
  if (typeof provider !== 'string' || typeof kind !== 'string' || !isObject(definition))
    throw invalid(at, 'is made by a function of the maker, such as claude.tools.webSearch()')
  if (!(Number.isInteger(maxUses) && (maxUses as number) >= 0))
    throw invalid(`${at}.maxUses`, `must be a whole number, not ${String(maxUses)}`)
  if (typeof isOptional !== 'boolean') throw invalid(`${at}.isOptional`, 'must be true or false')
}

/** In place of a maker, for tools of the app. */
const own = Symbol('own')

const choices = new Set<unknown>(['auto', 'none', 'required'])
