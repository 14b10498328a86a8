// Safe access to received JSON, in which a field that should be an object or a list may be anything.
import type { Part } from '../../contract/message.js'

/** The fields of an object; none of anything else. */
export function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** The objects of a list; none of anything else. */
export function objectsIn(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'object' && one !== null) : []
}

/** The state of a part, if this provider made it. */
export function stateOf({ opaque }: Part, provider: string): Record<string, unknown> | undefined {
  const data = opaque?.provider === provider ? opaque.data : undefined
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : undefined
}
