// Validates values against JSON Schema with @cfworker/json-schema, which generates no code and so runs anywhere.
// Drafts 4, 7, 2019-09 and 2020-12, by `$schema`; without one, 2020-12. Nothing is fetched for a `$ref`, `format` is an
// annotation, and the caller's schema is copied, since the validator writes into it.
import { dereference, initialBaseURI, type SchemaDraft, validate } from '@cfworker/json-schema'
import type { JsonSchema } from '../contract/request.js'
import { isObject } from '../object.js'
import { checkable } from './linear-patterns.js'
import { keywordAt, messageOf } from './violation-message.js'

/** References followed per value, at most: those of a schema can multiply without end. */
const stepsPerValue = 1000

/**
 * The first violation, beginning with its path (`$.a[0] must be string`), or `undefined` if the value fits. An unusable
 * schema is reported in the same way; nothing is thrown. `root` resolves the references of `schema`, `path` is the name of
 * the value itself. Time grows with the size of the schema and of the value.
 */
export function violation(
  schema: JsonSchema | boolean,
  value: unknown,
  root: JsonSchema | boolean = schema,
  path = '$',
): string | undefined {
  try {
    const draft = draftOf(root)
    const whole = checkable(root, draft === '4')
    const lookup = dereference(whole.schema)
    let steps = stepsPerValue * (whole.adapt(value) + 10)
    const bounded = new Proxy(lookup, {
      get: (known, uri) => {
        if (steps-- === 0) throw new RangeError('too many references')
        return Reflect.get(known, uri)
      },
    })
    let checked = whole
    if (schema !== root) {
      checked = checkable(schema, draft === '4')
      dereference(checked.schema, lookup, initialBaseURI, '/part')
      checked.adapt(value)
    }
    const { valid, errors } = whole.matching(() =>
      checked.matching(() => validate(value, checked.schema, draft, bounded)),
    )
    if (valid) return undefined
    return messageOf(errors, value, path, (location) => keywordAt(location, checked.schema, lookup))
  } catch (error) {
    return `${path}: ${unusable(error)}`
  }
}

function draftOf(root: JsonSchema | boolean): SchemaDraft {
  const named = isObject(root) ? String(root.$schema) : ''
  if (named.includes('draft-04')) return '4'
  if (named.includes('draft-06') || named.includes('draft-07')) return '7'
  return named.includes('2019-09') ? '2019-09' : '2020-12'
}

function unusable(error: unknown): string {
  // Out of stack or steps.
  if (error instanceof RangeError)
    return 'this cannot be checked: the schema refers to itself without an end, or it or the value is nested too deeply'
  const text = error instanceof Error ? error.message : String(error)
  const nowhere = /^Unresolved \$ref "([^"]*)"/.exec(text)?.[1]
  if (nowhere !== undefined) return `the schema's ${nowhere} leads nowhere`
  return `the schema cannot be used: ${text}`
}
