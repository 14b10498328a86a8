// Embeds a schema in another one, and adjusts its references.

import type { JsonSchema } from '../contract/schema.js'
import { isObject } from '../object.js'

/** Keywords whose values contain no references. */
const verbatim = new Set(['enum', 'const', 'default', 'examples'])

/** Embeds a schema: `wrap` returns the outer schema, with the inner one at `path` (a JSON Pointer). Definitions stay at the root. */
export function embedSchema(
  { $schema: _, $id, $defs, definitions, ...schema }: JsonSchema,
  path: string,
  wrap: (schema: unknown) => JsonSchema,
): JsonSchema {
  const relocate = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(relocate)
    if (!isObject(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        if (verbatim.has(key)) return [key, item]
        if (key !== '$ref' || typeof item !== 'string') return [key, relocate(item)]
        // The schema is now embedded, so references to its own `$id` become local.
        const isOwn = typeof $id === 'string' && item.replace(/#.*$/s, '') === $id.replace(/#$/, '')
        const local = isOwn ? `#${item.split('#')[1] ?? ''}` : item
        const moves = local === '#' || (local.startsWith('#/') && !/^#\/(\$defs|definitions)\//.test(local))
        return [key, moves ? `#${path}${local.slice(1)}` : local]
      }),
    )
  }
  return {
    ...wrap(relocate(schema)),
    ...($defs !== undefined && { $defs: relocate($defs) }),
    ...(definitions !== undefined && { definitions: relocate(definitions) }),
  }
}
