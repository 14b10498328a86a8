// Fields of a request body: which are read, which are ignored as hints, and which are refused. The rule is the same for all
// protocols; each protocol has its fields as data.
import { isObject } from '@patchbay/core/wire'
import { requestError } from '../answer/http-status.js'
import type { Json } from './body.js'

/** The fields of one kind of JSON object. */
export interface Fields {
  /** Read by the gateway. */
  known: ReadonlySet<string>
  /** They change no answer: cache keys, tiers, telemetry. Ignored, and named in `x-patchbay-ignored`. */
  hints: ReadonlySet<string>
  /** Values as good as absent, beside null, false, 0-length texts, empty lists and empty objects. */
  neutral?: Readonly<Record<string, readonly unknown[]>>
  /** Known fields that hold an object, or a list of objects, with fields of its own. */
  nested?: Readonly<Record<string, Fields>>
  /**
   * Fields that are not listed: refused at the top of a body, where they may change the answer; ignored inside messages and
   * tools, where clients send back what other services gave them. Default `'refuse'`.
   */
  others?: 'refuse' | 'ignore'
}

/** The header that names the ignored fields of a request: paths with commas between them. */
export const ignoredHeader = 'x-patchbay-ignored'

// Clients can make up any number of names, and records hold them.
const maxIgnored = 100
const maxNameInError = 100
const hintNames = new Set<string>()

/** Fields by their names, with spaces between them. */
export function fieldsOf(
  known: string,
  hints = '',
  more: Pick<Fields, 'nested' | 'neutral' | 'others'> = {},
): Fields {
  const names = hints.split(' ').filter((name) => name !== '')
  for (const name of names) hintNames.add(name)
  return { known: new Set(known.split(' ')), hints: new Set(names), ...more }
}

/**
 * The paths of ignored fields in a body: `tools[].strict`. A neutral value is as good as none, also of an unknown field.
 * @throws {LlmError} `invalid-request` for a field that is neither known nor a hint
 */
export function ignoredFields(body: Json, fields: Fields, where = ''): string[] {
  const ignored = new Set<string>()
  collect(body, fields, where, ignored)
  return [...ignored]
}

function collect(object: Json, fields: Fields, where: string, ignored: Set<string>): void {
  const { known, hints, nested = {}, neutral = {}, others = 'refuse' } = fields
  for (const name in object) {
    const value = object[name]
    if (known.has(name)) {
      const inner = Object.hasOwn(nested, name) ? nested[name] : undefined
      if (inner !== undefined) collectInner(value, inner, `${where}${name}`, ignored)
      continue
    }
    if (isNeutral(value) || (Object.hasOwn(neutral, name) && neutral[name]?.includes(value))) continue
    if (hints.has(name) || others === 'ignore') {
      if (ignored.size < maxIgnored) ignored.add(ignoredPath(where, name))
    } else
      throw requestError(
        `${where}${name.slice(0, maxNameInError)}: the gateway does not know this parameter. Leave it out.`,
      )
  }
}

function collectInner(value: unknown, fields: Fields, where: string, ignored: Set<string>): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries())
      if (isObject(item)) collect(item, fields, `${where}[${index}].`, ignored)
  } else if (isObject(value)) collect(value, fields, `${where}.`, ignored)
}

/** Without positions, and without names that a header cannot hold. */
function ignoredPath(where: string, name: string): string {
  return `${where.replaceAll(/\[\d+\]/g, '[]')}${/^[\w-]{1,64}$/.test(name) ? name : '*'}`
}

/** The path as a label of a metric: clients can make up any name, so a name that is no listed hint becomes `*`. */
export function ignoredLabel(path: string): string {
  const start = path.lastIndexOf('.') + 1
  return path.endsWith(']') || hintNames.has(path.slice(start)) ? path : `${path.slice(0, start)}*`
}

function isNeutral(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
  return value === undefined || value === null || value === false || value === ''
}
