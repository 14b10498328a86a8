// The functions of several calls: `runTools`, `generateObject` and the like. Their implementations are loaded on first use.

import { invalid } from '../contract/errors.js'
import type { Provider } from '../contract/provider.js'
import type { ChatInput, ChatRequest, JsonSchema, SchemaOutput, StandardSchema } from '../contract/request.js'
import { isObject } from '../object.js'
import { reading } from '../request/caller-objects.js'
import { asRequest } from '../request/prepare.js'
import type { ObjectOptions, ObjectResult, PartialOf } from './generate-object.js'
import { Run } from './result-stream.js'
import type { ToolRunEvent, ToolRunOptions, ToolRunResult } from './run-tools.js'
import type { ElementOptions } from './stream-elements.js'

/**
 * Asks, runs the tools the model calls, gives it their results, and so on until it answers. Reads as the events of all
 * steps and markers between them; `result()` waits for the end. Messages that end with calls nobody has answered yet
 * are taken up there: keep the `messages` of any step and go on with them, elsewhere or with another provider. A
 * `toolChoice` that forces a call holds until one was made.
 */
export function runTools(
  provider: Provider,
  request: ChatInput,
  options: ToolRunOptions = {},
): Run<ToolRunEvent, ToolRunResult> {
  return new Run(
    async () => (await import('./run-tools.js')).run(provider, ...(await read(request, options))),
    provider,
  )
}

/**
 * Asks for a value of a schema. An answer that does not fit is sent back with what is wrong, `repairs` times at most.
 * @throws {LlmError} `structured-output` when no answer fitted, with the last one as `partial`
 */
export async function generateObject<const Schema extends StandardSchema | JsonSchema>(
  provider: Provider,
  schema: Schema,
  request: ChatInput,
  options: ObjectOptions = {},
): Promise<ObjectResult<SchemaOutput<Schema>>> {
  return streamObject(provider, schema, request, options).result()
}

/**
 * The same, as it is made: reads as the value so far, one and the same object that grows; `result()` gives the whole
 * and checked one. A repair begins a new object.
 */
export function streamObject<const Schema extends StandardSchema | JsonSchema>(
  provider: Provider,
  schema: Schema,
  request: ChatInput,
  options: ObjectOptions = {},
): Run<PartialOf<SchemaOutput<Schema>>, ObjectResult<SchemaOutput<Schema>>> {
  return new Run(
    async () =>
      (await import('./generate-object.js')).generate(provider, schema, ...(await read(request, options))),
    provider,
  )
}

/**
 * Asks for a list and reads as its elements, each whole and checked as soon as it is there; `result()` gives all of
 * them. There is no repair: the first element that does not fit ends it.
 */
export function streamElements<const Schema extends StandardSchema | JsonSchema>(
  provider: Provider,
  element: Schema,
  request: ChatInput,
  options: ElementOptions = {},
): Run<SchemaOutput<Schema>, ObjectResult<SchemaOutput<Schema>[]>> {
  return new Run(
    async () =>
      (await import('./stream-elements.js')).elements(provider, element, ...(await read(request, options))),
    provider,
  )
}

/** Copies the caller's request and options; an error while reading them becomes `invalid-request`. */
function read<Options extends object>(input: ChatInput, options: Options): Promise<[ChatRequest, Options]> {
  return reading('The request', () => {
    if (!isObject(options)) throw invalid('options', 'must be an object')
    const request = { ...asRequest(input) }
    if (Array.isArray(request.messages)) request.messages = [...request.messages]
    return [request, { ...options }]
  })
}
