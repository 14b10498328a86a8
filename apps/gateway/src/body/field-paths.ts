// Where in the client's own request the messages and parts of ours come from, so that a failure can name its place there.
import type { ChatRequest } from '@patchbay/core'

const places = new WeakMap<object, string>()

/** The same object; its place is remembered as long as the object lives. */
export function placed<T extends object>(value: T, where: string): T {
  places.set(value, where)
  return value
}

/** The client's name for a place like `messages[1].content[0].data`; nothing where nobody remembers it. */
export function placeOf(place: string, request: ChatRequest): string | undefined {
  let found: string | undefined
  let at: unknown = request
  for (const step of place.match(/\w+/g) ?? []) {
    at = (at as Record<string, unknown> | undefined)?.[step]
    if (typeof at !== 'object' || at === null) break
    found = places.get(at) ?? found
  }
  return found
}
