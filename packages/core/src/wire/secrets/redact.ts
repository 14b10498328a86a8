// Removes the secrets of a request from its failures: messages, causes, stacks and bodies, in every spelling.

import { type ErrorDetails, isLlmError, LlmError } from '../../contract/errors.js'
import { omitUndefined } from '../../object.js'
import { withoutKeys } from './known-keys.js'
import { entriesOf, type HeaderFields, longEnough, type Secret, secretsOf } from './request-secrets.js'

/** Returns the failure without secrets; the same object if it contains none. */
export type Redact = <Failure>(failure: Failure) => Failure

/**
 * Makes a function that removes the secrets of a request from a failure: those in its address and headers, and `texts`, each
 * of which is a secret if it has at least four characters. Whatever has the shape of a service's key is removed too.
 */
export function redactor(
  url: string | URL | undefined,
  headers: HeaderFields,
  texts: readonly string[] = [],
): Redact {
  // Most requests do not fail, so the secrets are collected on the first failure.
  let secrets: Secret[] | undefined
  return (failure) => {
    secrets ??= secretsOf(url, [
      ...entriesOf(headers),
      ...texts.map((text): [string, string] => ['secret', text]),
    ])
    const copy = new Copy(secrets, false).of(failure)
    // A copy must not refer back to the original.
    return copy === failure ? failure : new Copy(secrets, true).of(failure)
  }
}

// An error may hold anything, even sockets and clients. Values beyond these limits are left out.
const deepest = 12
const mostObjects = 2000
const leftOut = '…'

/** One redacted copy of a failure; objects without secrets are not copied. */
class Copy {
  readonly #seen = new Map<object, unknown>()

  constructor(
    private readonly secrets: Secret[],
    /** Are circular references left out? */
    private readonly cutting: boolean,
  ) {}

  of<Value>(value: Value): Value {
    return this.#of(value, 0) as Value
  }

  #of(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.#text(value)
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
    if (this.#seen.has(value)) return this.#seen.get(value)
    if (depth > deepest || this.#seen.size > mostObjects) return leftOut
    this.#seen.set(value, this.cutting ? leftOut : value)
    const copy = this.#object(value, depth + 1)
    this.#seen.set(value, copy)
    return copy
  }

  #object(value: object, depth: number): unknown {
    if (value instanceof Error) return this.#error(value, depth)
    if (Array.isArray(value))
      return this.#changed(value, [...value.entries()], depth, (all) => all.map(([, one]) => one))
    if (value instanceof URL) return this.#text(value.href) === value.href ? value : this.#text(value.href)
    if (value instanceof Request || value instanceof Response)
      return this.#changed(value, Object.entries({ url: value.url, headers: value.headers }), depth)
    const entries =
      value instanceof Headers || value instanceof Map || value instanceof URLSearchParams
        ? [...(value as Iterable<[unknown, unknown]>)]
        : value instanceof Set
          ? [...value].entries()
          : ownFields(value)
    return this.#changed(value, [...entries], depth)
  }

  /** The value itself if nothing in it changed; otherwise `make` of the changed entries. */
  #changed(
    value: object,
    entries: [unknown, unknown][],
    depth: number,
    make: (entries: [unknown, unknown][]) => unknown = Object.fromEntries,
  ): unknown {
    const copies = entries.map(([key, one]): [unknown, unknown] => [
      typeof key === 'string' ? this.#text(key) : key,
      this.#of(one, depth),
    ])
    const same = copies.every(([key, one], at) => key === entries[at]?.[0] && one === entries[at]?.[1])
    return same ? value : make(copies)
  }

  #error(error: Error, depth: number): Error {
    // The answer so far and the caller's conversation are not redacted.
    const { partial, messages, ...rest } = Object.fromEntries(ownFields(error)) as Record<string, unknown>
    const fields: Record<string, unknown> = {
      ...rest,
      name: error.name,
      message: error.message,
      stack: error.stack,
      ...('cause' in error && { cause: error.cause }),
      ...(error instanceof AggregateError && { errors: error.errors }),
    }
    const copies = this.#changed(fields, ownFields(fields), depth) as Record<string, unknown>
    if (copies === fields) return error
    const { name, message, stack, code, cause, ...more } = copies
    const details = { ...more, partial, messages, cause } as ErrorDetails
    const copy = isLlmError(error)
      ? new LlmError(error.code, String(message), details)
      : Object.assign(
          new Error(String(message), 'cause' in error ? { cause } : undefined),
          more,
          omitUndefined({ name, code }),
        )
    return Object.defineProperty(copy, 'stack', { value: stack, writable: true, configurable: true })
  }

  #text(text: string): string {
    let said = text
    for (const { form, pattern } of this.secrets) said = withoutCut(said.replace(pattern, leftOut), form)
    return withoutKeys(said)
  }
}

/** The own properties of an object, symbols included, getters not. */
function ownFields(value: object): [string | symbol, unknown][] {
  return Reflect.ownKeys(value).flatMap((key): [string | symbol, unknown][] => {
    const property = Object.getOwnPropertyDescriptor(value, key)
    return property !== undefined && 'value' in property ? [[key, property.value]] : []
  })
}

// A truncated text may end in the middle of a secret.
const shortestCut = 6
const mostCuts = 16

function withoutCut(text: string, form: string): string {
  if (form.length < longEnough) return text
  let said = text
  for (
    let end = said.length, cuts = 0;
    end > 0 && cuts < mostCuts;
    end = said.lastIndexOf(leftOut, end - 1), cuts++
  )
    for (let length = Math.min(form.length - 1, end); length >= shortestCut; length--)
      if (said.startsWith(form.slice(0, length), end - length)) {
        const rest = said.slice(end)
        said = said.slice(0, end - length) + (rest.startsWith(leftOut) ? rest : leftOut + rest)
        end -= length
        break
      }
  return said
}
