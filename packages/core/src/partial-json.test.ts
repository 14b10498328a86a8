// JSON that is still coming: its laws.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { PartialJson } from './partial-json.js'

const document = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue()))

/** Is `part` the value `whole` at an earlier time? */
function begins(part: unknown, whole: unknown): boolean {
  if (typeof part === 'string') return typeof whole === 'string' && whole.startsWith(part)
  if (typeof part !== 'object' || part === null) return Object.is(part, whole) || part === whole
  if (typeof whole !== 'object' || whole === null || Array.isArray(part) !== Array.isArray(whole))
    return false
  return Object.keys(part).every((key) => begins(part[key as never], whole[key as never]))
}

it('law: in whatever pieces it comes, the value is the whole one at the end and a beginning of it before', () => {
  fc.assert(
    fc.property(
      document,
      fc.infiniteStream(fc.integer({ min: 1, max: 7 })),
      fc.constantFrom(0, 2),
      (value, sizes, indent) => {
        const text = JSON.stringify(value, null, indent)
        const whole = JSON.parse(text)
        const parser = new PartialJson()
        for (let at = 0; at < text.length; ) {
          const size = sizes.next().value as number
          parser.push(text.slice(at, at + size))
          at += size
          if (parser.value !== undefined) expect(begins(parser.value, whole)).toBe(true)
        }
        expect(parser.value).toEqual(whole)
        expect(parser.done).toBe(true)
      },
    ),
    { numRuns: 1000 },
  )
})

it('shows half a string, but no half number and no half escape', () => {
  const parser = new PartialJson()
  parser.push('{"a": "hel')
  expect(parser.value).toEqual({ a: 'hel' })
  parser.push('lo\\u00')
  expect(parser.value).toEqual({ a: 'hello' })
  parser.push('e9", "b": 12')
  expect(parser.value).toEqual({ a: 'helloé' })
  parser.push('3, "c')
  expect(parser.value).toEqual({ a: 'helloé', b: 123 })
})

it('skips what stands before and after the value, and never throws', () => {
  const parser = new PartialJson()
  parser.push('Here it is:\n```json\n[1, 2]\n```\nDone {"x": 1}')
  expect(parser.value).toEqual([1, 2])
  fc.assert(fc.property(fc.string(), (text) => new PartialJson().push(`{${text}`)))
})

it('makes no prototype of a key', () => {
  const parser = new PartialJson()
  parser.push('{"__proto__": {"admin": true}}')
  expect(Object.keys(parser.value as object)).toEqual(['__proto__'])
  expect((parser.value as { admin?: boolean }).admin).toBeUndefined()
})
