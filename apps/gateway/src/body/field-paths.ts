// Paths in the client's request for our messages and parts, so that an error can name the client's own field.
import type { ChatRequest } from '@patchbay/core'

const paths = new WeakMap<object, string>()

/** Remembers the path of an object for as long as the object lives, and returns the object. */
export function withPath<T extends object>(value: T, where: string): T {
  paths.set(value, where)
  return value
}

/** The client's path for one of ours like `messages[1].content[0].data`; undefined if it is not known. */
export function clientPath(path: string, request: ChatRequest): string | undefined {
  let found: string | undefined
  let at: unknown = request
  for (const step of path.match(/\w+/g) ?? []) {
    at = (at as Record<string, unknown> | undefined)?.[step]
    if (typeof at !== 'object' || at === null) break
    found = paths.get(at) ?? found
  }
  return found
}
