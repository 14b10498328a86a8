// Opens the runs of runTools, streamObject and streamElements. Loaded with the first of them.

import { invalid } from '../contract/errors.js'
import type { Provider } from '../contract/provider.js'
import type { ChatInput, ChatRequest } from '../contract/request.js'
import type { AnySchema, SchemaInput, SchemaOutput } from '../contract/schema.js'
import { isObject } from '../object.js'
import { readCallerValue } from '../request/caller-objects.js'
import { toChatRequest } from '../request/prepare-request.js'
import type { ObjectOptions, ObjectResult, PartialOf } from './generate-object.js'
import type { ElementOptions } from './stream-elements.js'
import type { ToolRunEvent, ToolRunOptions, ToolRunResult } from './tool-run.js'

/** Opens a run of `runTools`; `leaving` aborts when its reader leaves. */
export async function openToolRun(
  provider: Provider,
  input: ChatInput,
  options: ToolRunOptions,
  leaving: AbortSignal,
): Promise<AsyncGenerator<ToolRunEvent, ToolRunResult>> {
  const [request, copy] = await copyOf(input, options)
  return (await import('./run-tools.js')).runToolLoop(provider, request, copy, leaving)
}

/** Opens a run of `streamObject`. */
export async function openObjectRun<const Schema extends AnySchema>(
  provider: Provider,
  schema: Schema,
  input: ChatInput,
  options: ObjectOptions,
  leaving: AbortSignal,
): Promise<AsyncGenerator<PartialOf<SchemaInput<Schema>>, ObjectResult<SchemaOutput<Schema>>>> {
  checkRequest('generateObject and streamObject', schema, input)
  const [request, copy] = await copyOf(input, options)
  return (await import('./generate-object.js')).generateValue(provider, schema, request, copy, leaving)
}

/** Opens a run of `streamElements`. */
export async function openElementRun<const Schema extends AnySchema>(
  provider: Provider,
  element: Schema,
  input: ChatInput,
  options: ElementOptions,
  leaving: AbortSignal,
): Promise<AsyncGenerator<SchemaOutput<Schema>, ObjectResult<SchemaOutput<Schema>[]>>> {
  checkRequest('streamElements', element, input)
  const [request, copy] = await copyOf(input, options)
  return (await import('./stream-elements.js')).generateElements(provider, element, request, copy, leaving)
}

/** In other SDKs the schema is a field of one object. */
function checkRequest(name: string, schema: unknown, input: unknown): void {
  if (input === undefined && isObject(schema))
    throw invalid('request', `is missing: ${name} take a provider, then the schema, then the request`)
}

/** Copies of the caller's request and options; an error while reading them becomes `invalid-request`. */
async function copyOf<Options extends object>(
  input: ChatInput,
  options: Options,
): Promise<readonly [request: ChatRequest, options: Options]> {
  return readCallerValue('The request', () => {
    if (!isObject(options)) throw invalid('options', 'must be an object')
    const request = { ...toChatRequest(input) }
    if (Array.isArray(request.messages)) request.messages = [...request.messages]
    return [request, { ...options }] as const
  })
}
