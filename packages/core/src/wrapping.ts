// A schema inside another one: its references follow it to its new place.
import { isObject } from './is-object.js'
import type { JsonSchema } from './request.js'

/** What `wrap` makes of the schema, which will stand at `path` (a JSON Pointer); its definitions stay at the root. */
export function wrapped(
  { $schema: _, $defs, definitions, ...schema }: JsonSchema,
  path: string,
  wrap: (schema: unknown) => JsonSchema,
): JsonSchema {
  const moved = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(moved)
    if (!isObject(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        if (key !== '$ref' || typeof item !== 'string') return [key, moved(item)]
        const stays = !item.startsWith('#') || /^#\/(\$defs|definitions)\//.test(item)
        return [key, stays ? item : `#${path}${item.slice(1)}`]
      }),
    )
  }
  return {
    ...wrap(moved(schema)),
    ...($defs !== undefined && { $defs: moved($defs) }),
    ...(definitions !== undefined && { definitions: moved(definitions) }),
  }
}
