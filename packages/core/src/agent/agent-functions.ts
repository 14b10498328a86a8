// runTools, generateObject, streamObject and streamElements. Their implementations are loaded with the first use.

import { invalid } from '../contract/errors.js'
import type { Provider } from '../contract/provider.js'
import type { ChatInput, ChatRequest } from '../contract/request.js'
import type { JsonSchema, SchemaOutput, StandardSchema } from '../contract/schema.js'
import { isObject } from '../object.js'
import { readCallerValue } from '../request/caller-objects.js'
import { toChatRequest } from '../request/prepare.js'
import type { ObjectOptions, ObjectResult, PartialOf } from './generate-object.js'
import { Run } from './result-stream.js'
import type { ElementOptions } from './stream-elements.js'
import type { ToolRunEvent, ToolRunOptions, ToolRunResult } from './tool-run.js'

/**
 * Runs an agent loop: sends the request, runs the tools that the model calls, sends it their results, and repeats that until the model
 * answers. Read the run as events, or wait for its `result()`. The `messages` of any step can be passed to another run, also with
 * another provider: calls without a result at their end are run first. A `toolChoice` that forces a call applies until the first call.
 * @throws {LlmError} for any failed call, with `messages` to continue with; `tool-failed` with `onToolError: 'throw'`
 * @example
 * const { text } = await runTools(llm, { messages: 'Weather in Lima?', tools: [weather] }, { maxSteps: 5 }).result()
 */
export function runTools(
  provider: Provider,
  request: ChatInput,
  options: ToolRunOptions = {},
): Run<ToolRunEvent, ToolRunResult> {
  return startRun(provider, request, options, async (...input) =>
    (await import('./run-tools.js')).runToolLoop(provider, ...input),
  )
}

/**
 * Generates a value of a schema, and validates it. An answer that does not fit is sent back to the model with the problem, at most
 * `repairs` times.
 * @throws {LlmError} `structured-output` if no answer fits, with the last one as `partial`
 * @example
 * const { object } = await generateObject(llm, z.object({ name: z.string(), age: z.int() }), 'Ada is 36 years old.')
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
 * Like `generateObject`, but the value can be read while it is generated: each event is the value so far. It is always the same object,
 * which grows; a repair begins a new one. `result()` returns the whole, validated value.
 * @example
 * const run = streamObject(llm, recipe, 'A recipe for lemon cake')
 * for await (const partial of run) render(partial.ingredients ?? [])
 * const { object } = await run.result()
 */
export function streamObject<const Schema extends StandardSchema | JsonSchema>(
  provider: Provider,
  schema: Schema,
  request: ChatInput,
  options: ObjectOptions = {},
): Run<PartialOf<SchemaOutput<Schema>>, ObjectResult<SchemaOutput<Schema>>> {
  return startRun(provider, request, options, async (...input) =>
    (await import('./generate-object.js')).generateValue(provider, schema, ...input),
  )
}

/**
 * Generates a list. Each event is one element, validated, as soon as it is complete; `result()` returns all of them. There are no
 * repairs: the first element that does not fit ends the run with an error.
 * @example
 * for await (const city of streamElements(llm, z.object({ name: z.string() }), 'The ten largest cities')) console.log(city.name)
 */
export function streamElements<const Schema extends StandardSchema | JsonSchema>(
  provider: Provider,
  element: Schema,
  request: ChatInput,
  options: ElementOptions = {},
): Run<SchemaOutput<Schema>, ObjectResult<SchemaOutput<Schema>[]>> {
  return startRun(provider, request, options, async (...input) =>
    (await import('./stream-elements.js')).generateElements(provider, element, ...input),
  )
}

/** A run over copies of the caller's request and options; an error while reading them becomes `invalid-request`. */
function startRun<Options extends object, Event, Result>(
  provider: Provider,
  input: ChatInput,
  options: Options,
  open: (
    request: ChatRequest,
    options: Options,
    leaving: AbortSignal,
  ) => Promise<AsyncGenerator<Event, Result>>,
): Run<Event, Result> {
  return new Run(async (leaving) => {
    const [request, copy] = await readCallerValue('The request', () => {
      if (!isObject(options)) throw invalid('options', 'must be an object')
      const request = { ...toChatRequest(input) }
      if (Array.isArray(request.messages)) request.messages = [...request.messages]
      return [request, { ...options }] as const
    })
    return open(request, copy, leaving)
  }, provider)
}
