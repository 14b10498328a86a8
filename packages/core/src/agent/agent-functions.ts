// runTools, generateObject, streamObject and streamElements. Their implementations are loaded with the first use.

import type { Provider } from '../contract/provider.js'
import type { ChatInput } from '../contract/request.js'
import type { AnySchema, JsonSchema, SchemaInput, SchemaOutput, StandardSchema } from '../contract/schema.js'
import type { Tool } from '../contract/tool.js'
import type { ObjectOptions, ObjectResult, PartialOf } from './generate-object.js'
import { Run } from './result-stream.js'
import type { ElementOptions } from './stream-elements.js'
import type { RunArguments, ToolRunEvent, ToolRunOptions, ToolRunResult } from './tool-run.js'

const loadRuns = () => import('./open-run.js')

/**
 * Runs an agent loop: sends the request, runs the tools that the model calls, sends it their results, and repeats that until the model
 * answers. Read the run as events, or wait for its `result()`. The `messages` of any step can be passed to another run, also with
 * another provider: calls without a result at their end are run first. A `toolChoice` that forces a call applies until the first call.
 * @throws {LlmError} for any failed call, with `messages` to continue with; `tool-failed` with `onToolError: 'throw'`
 * @example
 * const { text } = await runTools(llm, { messages: 'Weather in Lima?', tools: [weather] }, { maxSteps: 5 }).result()
 */
export function runTools<
  const Schema extends AnySchema = AnySchema,
  const Tools extends readonly Tool[] = readonly Tool[],
>(
  provider: Provider,
  request: ChatInput<Schema, Tools>,
  ...options: RunArguments<Tools>
): Run<ToolRunEvent<Tools, SchemaOutput<Schema>>, ToolRunResult<Tools, SchemaOutput<Schema>>>
export function runTools(
  provider: Provider,
  request: ChatInput,
  options: ToolRunOptions = {},
): Run<ToolRunEvent, ToolRunResult> {
  return new Run(provider, options, async (leaving) =>
    (await loadRuns()).openToolRun(provider, request, options, leaving),
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
 * Like `generateObject`, but the value can be read while it is generated: each event is the value so far, as the model writes it. Each
 * is a new object where something has changed, and shares everything else with the one before, as React expects. A repair begins
 * again. `result()` returns the whole, validated and transformed value.
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
): Run<PartialOf<SchemaInput<Schema>>, ObjectResult<SchemaOutput<Schema>>> {
  return new Run(provider, options, async (leaving) =>
    (await loadRuns()).openObjectRun(provider, schema, request, options, leaving),
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
  return new Run(provider, options, async (leaving) =>
    (await loadRuns()).openElementRun(provider, element, request, options, leaving),
  )
}
