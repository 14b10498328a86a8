// Values of the Jinja library, made and told apart without its unexported classes; and their text as Python writes it.
import { Environment, type Value } from './library.js'

export interface TextValue extends Value {
  value: string
}
export interface NumberValue extends Value {
  value: number
}
export interface ListValue extends Value {
  value: Value[]
}
export interface MapValue extends Value {
  value: Map<string, Value>
}
export interface FunctionValue extends Value {
  value: (args: Value[]) => Value
}

/** The library's value for a plain one. */
export function toValue(plain: unknown): Value {
  return new Environment().set('value', plain)
}

export function listOf(values: Value[]): Value {
  const list = toValue([]) as ListValue
  list.value = values
  return list
}

export function functionOf(call: (args: Value[]) => Value): Value {
  const made = toValue(() => undefined) as FunctionValue
  made.value = call
  return made
}

export function isText(value: Value): value is TextValue {
  return value.type === 'StringValue'
}
export function isNumber(value: Value): value is NumberValue {
  return value.type === 'IntegerValue' || value.type === 'FloatValue'
}
export function isList(value: Value): value is ListValue {
  return value.type === 'ArrayValue' || value.type === 'TupleValue'
}
export function isMap(value: Value): value is MapValue {
  return value.type === 'ObjectValue'
}
export function isUndefined(value: Value): boolean {
  return value.type === 'UndefinedValue'
}
export function isNull(value: Value): boolean {
  return value.type === 'NullValue'
}

/** Maps whose keys are integers in Python: the library's maps have text keys alone. */
export const integerKeyed = new WeakSet<Value>()

/** Keys of a map, as Python has them. */
export function keysOf(map: MapValue): Value[] {
  return [...map.value.keys()].map((key) => toValue(integerKeyed.has(map) ? Number(key) : key))
}

/** Python's `str()`. */
export function pythonText(value: Value): string {
  return isText(value) ? value.value : isUndefined(value) ? '' : pythonLiteral(value)
}

/** Python's `repr()`. */
function pythonLiteral(value: Value): string {
  if (isText(value)) return quoted(value.value)
  if (isList(value)) return `[${value.value.map(pythonLiteral).join(', ')}]`
  if (isMap(value)) {
    const entries = keysOf(value).map(
      (key) => `${pythonLiteral(key)}: ${pythonLiteral(value.value.get(pythonText(key)) ?? key)}`,
    )
    return `{${entries.join(', ')}}`
  }
  if (isNull(value)) return 'None'
  if (value.type === 'BooleanValue') return value.value ? 'True' : 'False'
  return isUndefined(value) ? 'Undefined' : String(value)
}

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escapes: Record<string, string> = {
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\\': '\\\\',
    [quote]: `\\${quote}`,
  }
  return quote + [...text].map((character) => escapes[character] ?? character).join('') + quote
}

/** Python's `==`. */
export function equal(a: Value, b: Value): boolean {
  if (isList(a) && isList(b))
    return (
      a.value.length === b.value.length && a.value.every((item, index) => equal(item, b.value[index] ?? item))
    )
  if (isMap(a) && isMap(b))
    return (
      a.value.size === b.value.size &&
      [...a.value].every(([key, item]) => {
        const other = b.value.get(key)
        return other !== undefined && equal(item, other)
      })
    )
  const number = (value: Value) =>
    isNumber(value) || value.type === 'BooleanValue' ? Number(value.value) : undefined
  if (number(a) !== undefined) return number(a) === number(b)
  return a.type === b.type && a.value === b.value
}
