// Tools: functions that a model may ask the app to call.
import type { Message } from './message.js'
import type { JsonSchema, SchemaOutput, StandardSchema } from './schema.js'

/** The second argument of a tool's `run` and `needsApproval`. */
export interface ToolContext {
  /** Aborts when the run of the loop ends, or the tool's time limit has passed. */
  signal: AbortSignal
  /** The id of the tool call. */
  id: string
  /** The conversation, up to and including the message with the call. */
  messages: readonly Message[]
  /** Reports progress, which restarts the tool's time limit, up to ten times the limit in total. */
  progress?: () => void
}

/** A function that a model may ask for. Define one with `tool`, which infers the type of its input. */
export interface Tool<Input = unknown> {
  /** 1 to 64 letters, digits, `_` or `-`; unique within a request. */
  name: string
  /** What the tool does and when to use it. The model reads it. */
  description?: string
  /** The schema of its input, an object. A Standard Schema must be able to produce its JSON Schema (zod 4.2 or later can). */
  input: StandardSchema<unknown, Input> | JsonSchema
  /**
   * Does the work, with an input that was checked against the schema. `runTools` calls it; `chat` and `stream` never do. The
   * model gets a returned string or list of parts as it is, and any other value as JSON. An error that it throws becomes a
   * result the model reads, unless `onToolError` is `'throw'`. Without `run`, the call stays open: the app answers it itself.
   */
  run?(input: Input, context: ToolContext): unknown
  /** Whether this call needs approval before it runs: `runTools` then asks its option `approve`. Default: no approval. */
  needsApproval?(input: Input, context: ToolContext): boolean | Promise<boolean>
  /** How long one run may take, in milliseconds. Default: the option `toolTimeout` of `runTools`. */
  timeout?: number
}

/**
 * Defines a tool; the type of `run`'s input is inferred from the schema.
 * @example
 * const weather = tool({
 *   name: 'weather',
 *   description: 'The current weather of a city',
 *   input: z.object({ city: z.string() }),
 *   run: async ({ city }) => (await fetch(`https://wttr.in/${city}?format=3`)).text(),
 * })
 */
export function tool<const Schema extends StandardSchema | JsonSchema>(
  definition: Omit<Tool<SchemaOutput<Schema>>, 'input'> & { input: Schema },
): Tool<SchemaOutput<Schema>> {
  return definition as Tool<SchemaOutput<Schema>>
}

/**
 * Which tool the model calls: any or none (`'auto'`), none (`'none'`), at least one (`'required'`), or the named one.
 */
export type ToolChoice = 'auto' | 'none' | 'required' | { name: string }
