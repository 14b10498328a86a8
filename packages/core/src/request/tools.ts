// The tools of a request, checked and with their JSON Schemas. Loaded when a request has the first of them.

import { invalid } from '../contract/errors.js'
import type { PreparedTool } from '../contract/provider.js'
import type { ChatRequest, Tool } from '../contract/request.js'
import type { Warning } from '../contract/response.js'
import { describe } from '../describe.js'
import { isObject } from '../object.js'
import { toJsonSchema } from '../schema/schema.js'
import { wellFormed } from './unicode.js'

/** @throws {LlmError} `invalid-request` for names that clash or a choice that cannot be made */
export function prepareTools({ tools = [], toolChoice }: ChatRequest, warnings: Warning[]): PreparedTool[] {
  if (!Array.isArray(tools) || !tools.every(isObject)) throw invalid('tools', 'must be a list of tools')
  if (toolChoice !== undefined && !isObject(toolChoice) && !choices.has(toolChoice))
    throw invalid('toolChoice', "must be 'auto', 'none', 'required' or { name }")
  if (tools.length === 0 && (toolChoice === 'required' || isObject(toolChoice)))
    throw invalid('toolChoice', 'asks for a tool, but the request has no tools')
  if (isObject(toolChoice) && !tools.some((tool) => tool.name === toolChoice.name))
    throw invalid('toolChoice', `names "${describe(toolChoice.name)}", which is none of the tools`)
  const seen = new Set<string>()
  return tools.map(({ name, description, input }: Tool, index) => {
    if (typeof name !== 'string' || !/^[\w-]{1,64}$/.test(name))
      throw invalid(`tools[${index}].name`, 'must be 1 to 64 letters, digits, _ or -')
    if (seen.has(name)) throw invalid(`tools[${index}].name`, `repeats ${name}: tool names must differ`)
    seen.add(name)
    if (description !== undefined && typeof description !== 'string')
      throw invalid(`tools[${index}].description`, 'must be a string')
    return {
      name,
      schema: toJsonSchema(input, `tools[${index}].input`, warnings),
      ...(description !== undefined && { description: wellFormed(description, warnings) }),
    }
  })
}

const choices = new Set<unknown>(['auto', 'none', 'required'])
