// Methods of Python's `str` that the Jinja library lacks, or gives without their arguments.
import type { Value } from './library.js'
import { isList, isNull, isNumber, isText, listOf, pythonText, toValue } from './values.js'

type Method = (text: string, args: Value[]) => Value

const whitespace = '\\s\\x1c-\\x1f\\x85'

/** Removes white space, or any of these characters, from the ends of a text. */
export function strip(text: string, characters?: Value, ends: 'both' | 'start' | 'end' = 'both'): string {
  const set =
    characters === undefined || isNull(characters)
      ? whitespace
      : pythonText(characters).replace(/[\\\]^-]/g, '\\$&')
  if (set === '') return text
  const from = ends === 'end' ? text : text.replace(new RegExp(`^[${set}]+`, 'u'), '')
  if (ends === 'start') return from
  let end = from.length
  const inSet = new RegExp(`[${set}]`, 'u')
  while (end > 0 && inSet.test(from[end - 1] as string)) end--
  return from.slice(0, end)
}

/** `'{} {name}'.format(…)`, without format specifications. */
function format(text: string, args: Value[]): string {
  const last = args.at(-1)
  const named = last?.type === 'KeywordArgumentsValue' ? (last.value as Map<string, Value>) : undefined
  let next = 0
  return text.replace(/\{\{|\}\}|\{(\w*)\}/g, (match, name: string | undefined) => {
    if (name === undefined) return match[0] as string
    const value = name === '' ? args[next++] : (named?.get(name) ?? args[Number(name)])
    if (value === undefined) throw new Error(`format() has no argument for ${match}`)
    return pythonText(value)
  })
}

const position = (value: Value | undefined, otherwise: number) =>
  value !== undefined && isNumber(value) ? value.value : otherwise

export const textMethods: Record<string, Method> = {
  strip: (text, [characters]) => toValue(strip(text, characters)),
  lstrip: (text, [characters]) => toValue(strip(text, characters, 'start')),
  rstrip: (text, [characters]) => toValue(strip(text, characters, 'end')),
  format: (text, args) => toValue(format(text, args)),
  find: (text, [part, from]) => toValue(text.indexOf(pythonText(part ?? toValue('')), position(from, 0))),
  rfind: (text, [part]) => toValue(text.lastIndexOf(pythonText(part ?? toValue('')))),
  count: (text, [part]) => toValue(text.split(pythonText(part ?? toValue(''))).length - 1),
  join: (text, [list]) =>
    toValue(list !== undefined && isList(list) ? list.value.map(pythonText).join(text) : ''),
  splitlines: (text) => toValue(text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/)),
  removeprefix: (text, [prefix]) => {
    const start = pythonText(prefix ?? toValue(''))
    return toValue(text.startsWith(start) ? text.slice(start.length) : text)
  },
  removesuffix: (text, [suffix]) => {
    const end = pythonText(suffix ?? toValue(''))
    return toValue(end !== '' && text.endsWith(end) ? text.slice(0, -end.length) : text)
  },
  rsplit: (text, [separator, most]) => {
    if (separator === undefined || !isText(separator)) throw new Error('rsplit() without a separator')
    const parts = text.split(separator.value)
    const kept = position(most, -1)
    if (kept < 0 || parts.length <= kept + 1) return toValue(parts)
    const head = parts.slice(0, parts.length - kept).join(separator.value)
    return listOf([head, ...parts.slice(parts.length - kept)].map(toValue))
  },
  isdigit: (text) => toValue(/^\p{Nd}+$/u.test(text)),
}
