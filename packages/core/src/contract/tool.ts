// Tools: functions that a model may ask the app to call.
import type { Message } from './message.js'
import type { AnySchema, JsonSchema, SchemaOutput, StandardSchema } from './schema.js'
import type { ServerToolDefinition } from './server-tool.js'

/** The second argument of a tool's `run` and `needsApproval`. */
export interface ToolContext<Context = unknown> {
  /** Aborts when the run of the loop ends, or the tool's time limit has passed. */
  signal: AbortSignal
  /** The id of the tool call. */
  id: string
  /** The conversation, up to and including the message with the call. */
  messages: readonly Message[]
  /** The option `context` of `runTools`: the user, a database, anything of the app. */
  context: Context
  /** Reports progress, which restarts the tool's time limit, up to ten times the limit in total. */
  progress?: () => void
}

/** A function that a model may ask for. Define one with `tool`, which infers the types. */
export interface Tool<Input = unknown, Output = unknown, Name extends string = string, Context = unknown> {
  /** 1 to 64 letters, digits, `_` or `-`; unique within a request. */
  name: Name
  /** What the tool does and when to use it. The model reads it. */
  description?: string | undefined
  /** The schema of its input, an object. A Standard Schema must be able to produce its JSON Schema (zod 4.2 or later can). */
  input: StandardSchema<unknown, Input> | JsonSchema
  /**
   * Does the work, with an input that was checked against the schema. `runTools` calls it; `chat` and `stream` never do. The
   * model gets a returned string or list of parts as it is, and any other value as JSON. An error that it throws becomes a
   * result the model reads, unless `onToolError` is `'throw'`. Without `run`, the call stays open: the app answers it itself.
   */
  run?(input: Input, context: ToolContext<Context>): Output | Promise<Output>
  /** Whether this call needs approval before it runs: `runTools` then asks its option `approve`. Default: no approval. */
  needsApproval?(input: Input, context: ToolContext<Context>): boolean | Promise<boolean>
  /** How long one run may take, in milliseconds. Default: the option `toolTimeout` of `runTools`. */
  timeout?: number | undefined
  /** Set by the maker's functions for its own tools, such as `claude.tools.webSearch()`. */
  readonly server?: ServerToolDefinition | undefined
}

/**
 * A tool that the service of one maker defines. Offer it in `tools` like any other; a model that lacks it refuses the call with
 * `unsupported`. Tools of several makers for the same purpose may stand in one request: each provider takes its own.
 */
export interface ServerTool<
  Name extends string = string,
  Input = unknown,
  Output = unknown,
  Context = unknown,
> extends Tool<Input, Output, Name, Context> {
  readonly server: ServerToolDefinition
}

/** What JSON would lose or refuse: a Map becomes `{}`. */
type NotJson =
  | bigint
  | symbol
  | ((...input: never) => unknown)
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>

/** The message of the compiler for a value that is refused. */
type Refused<Message extends string> = Message & { readonly refused: never }

/** The name, if services take it. */
type ToolName<Name extends string> = Name extends `${string}${' ' | '.' | '/' | ':'}${string}` | ''
  ? Refused<'a tool name has 1 to 64 letters, digits, _ or -'>
  : Name

/** The schema, if it is one of an object; nothing is known of plain JSON Schema. */
type ToolInput<Schema extends AnySchema> =
  unknown extends SchemaOutput<Schema>
    ? Schema
    : SchemaOutput<Schema> extends object
      ? Schema
      : Refused<'the input of a tool is an object: z.object({ … })'>

/** Refuses `run` if JSON would lose its result; nothing is known of `any`. */
type ToolRun<Output> = 0 extends 1 & Output
  ? unknown
  : [Extract<Output, NotJson>] extends [never]
    ? unknown
    : { run: Refused<'run returns text, parts, or a value that JSON can represent'> }

/**
 * Defines a tool. The types of `run`'s input and of its results in a run are inferred; the type of `context` is that of its parameter.
 * @example
 * const weather = tool({
 *   name: 'weather',
 *   description: 'The current weather of a city',
 *   input: z.object({ city: z.string() }),
 *   run: async ({ city }) => (await fetch(`https://wttr.in/${city}?format=3`)).text(),
 * })
 */
export function tool<
  const Schema extends AnySchema,
  const Name extends string = string,
  Output = unknown,
  Context = unknown,
>(
  definition: Omit<Tool<SchemaOutput<Schema>, Output, Name, Context>, 'input' | 'name'> & {
    name: ToolName<Name>
    input: Schema & ToolInput<NoInfer<Schema>>
  } & ToolRun<NoInfer<Output>>,
): Tool<SchemaOutput<Schema>, Output, Name, Context> {
  return definition as Tool<SchemaOutput<Schema>, Output, Name, Context>
}

/**
 * Which tool the model calls: any or none (`'auto'`), none (`'none'`), at least one (`'required'`), or the named one.
 */
export type ToolChoice<Name extends string = string> = 'auto' | 'none' | 'required' | { name: Name }
