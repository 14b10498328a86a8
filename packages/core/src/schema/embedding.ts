// A schema inside another one: its references follow it to its new place.

import type { JsonSchema } from '../contract/request.js'
import { isObject } from '../object.js'

/** Keywords whose values contain no references. */
const verbatim = new Set(['enum', 'const', 'default', 'examples'])

/** What `wrap` makes of the schema, which will stand at `path` (a JSON Pointer); its definitions stay at the root. */
export function wrapped(
  { $schema: _, $id, $defs, definitions, ...schema }: JsonSchema,
  path: string,
  wrap: (schema: unknown) => JsonSchema,
): JsonSchema {
  const moved = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(moved)
    if (!isObject(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        if (verbatim.has(key)) return [key, item]
        if (key !== '$ref' || typeof item !== 'string') return [key, moved(item)]
        // The schema is now embedded, so references to its own `$id` become local.
        const own = typeof $id === 'string' && item.replace(/#.*$/s, '') === $id.replace(/#$/, '')
        const local = own ? `#${item.split('#')[1] ?? ''}` : item
        const moves = local === '#' || (local.startsWith('#/') && !/^#\/(\$defs|definitions)\//.test(local))
        return [key, moves ? `#${path}${local.slice(1)}` : local]
      }),
    )
  }
  return {
    ...wrap(moved(schema)),
    ...($defs !== undefined && { $defs: moved($defs) }),
    ...(definitions !== undefined && { definitions: moved(definitions) }),
  }
}
