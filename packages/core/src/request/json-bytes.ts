// Bytes that went through JSON: `JSON.stringify` writes a `Buffer` as a list of numbers, and a `Uint8Array` as an object of them.
import { isObject } from '../object.js'

/** The bytes that `JSON.parse(JSON.stringify(bytes))` stands for; `undefined` for any other value. */
export function bytesFromJson(value: unknown): Uint8Array | undefined {
  if (!isObject(value)) return undefined
  // Of a class: not from JSON.
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) return undefined
  const numbers = value.type === 'Buffer' && Array.isArray(value.data) ? value.data : Object.values(value)
  // `{}` may stand for no bytes, but also for an `ArrayBuffer` or `Blob` whose bytes are lost.
  const isIndexed = numbers === value.data || Object.keys(value)[0] === '0'
  if (!isIndexed || !numbers.every(isByte)) return undefined
  // JSON lists whole numbers in their order, so that a missing one shows in the last name.
  if (numbers !== value.data && !(`${numbers.length - 1}` in value)) return undefined
  return Uint8Array.from(numbers)
}

function isByte(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255
}
