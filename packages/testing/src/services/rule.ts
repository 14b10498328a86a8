// A rule of a strict service: what the real service refuses, as data with its source.
// Last compared with its sources on 2026-11-27.

/** JSON of a request or an answer. */
// biome-ignore lint/suspicious/noExplicitAny: rules look into JSON that anybody may have written
export type Json = Record<string, any>

/** A request as a rule sees it. */
export interface ServiceRequest {
  /** With the query. */
  path: string
  headers: Readonly<Record<string, string>>
  body: Json
  /** `model` of the body, or `''`. */
  model: string
}

/** How a service refuses a request. */
export interface Problem {
  message: string
  /** Default 400, or 422 where the service says so. */
  status?: number
  /** The field that is wrong, in services that name it. */
  param?: string
  code?: string
}

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>

/** What is known of something that a service refuses. */
export interface RuleFacts {
  /** Unique within all rules, for example `anthropic/prefill`. */
  readonly id: string
  /** One sentence: what is refused, for which models. */
  readonly refuses: string
  /** Where it is documented or was seen. */
  readonly source: string
  /** Month of the source, for example `2026-09`. */
  readonly date: string
  /** `high`: the vendor's own words, or several independent reports. `medium`: one report. */
  readonly sure: 'high' | 'medium'
  /** A request that breaks the rule, and what mends it: fields that replace those of the request (`undefined` removes one). */
  readonly example: {
    /** The body; a `path` in it is not part of the body. */
    readonly breaks: JsonObject
    readonly mends: JsonObject
    readonly headers?: Readonly<Record<string, string>>
    readonly mendsHeaders?: Readonly<Record<string, string>>
  }
}

/** Something that a service refuses, with the check. */
export interface Rule extends RuleFacts {
  /** Returns the refusal, as the service words it; nothing for a request that it accepts. */
  check(request: ServiceRequest): Problem | string | undefined
}

/** Every object and array inside a value, with its path: `messages.0.content.1`. */
export function* walk(value: unknown, path = ''): Generator<[path: string, value: Json]> {
  if (typeof value !== 'object' || value === null) return
  yield [path, value]
  for (const [key, inner] of Object.entries(value)) yield* walk(inner, path === '' ? key : `${path}.${key}`)
}

/** The first result that is not `undefined`. */
export function first<T, R>(
  values: Iterable<T>,
  find: (value: T, index: number) => R | undefined,
): R | undefined {
  let index = 0
  for (const value of values) {
    const result = find(value, index++)
    if (result !== undefined) return result
  }
  return undefined
}

/** The list, or an empty one for anything else. */
export function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value : []
}

/** The first key of an object that is not allowed. */
export function unknownKey(value: Json, allowed: ReadonlySet<string>): string | undefined {
  return Object.keys(value).find((key) => !allowed.has(key))
}

/** Keywords that OpenAI refuses at the top of a tool's schema. */
const topKeywords = ['oneOf', 'anyOf', 'allOf', 'enum', 'not']

/** How OpenAI refuses the schema of a tool that is no plain object at its top. */
export function topProblem(name: unknown, parameters: Json | undefined, param: string): Problem | undefined {
  if (parameters === undefined || parameters === null) return undefined
  return parameters.type === 'object' && topKeywords.every((keyword) => !(keyword in parameters))
    ? undefined
    : {
        message: `Invalid schema for function '${name}': schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level.`,
        param,
        code: 'invalid_function_parameters',
      }
}
