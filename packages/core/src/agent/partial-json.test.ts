// Properties of partial JSON while it streams, and of JSON in a model's text.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { growth } from '../../test/growth.js'
import { candidatesIn } from './json-text.js'
import { partialObjects } from './partial-json.js'

async function* inPieces(text: string, sizes: number[]): AsyncGenerator<string> {
  for (let at = 0, piece = 0; at < text.length; piece++) {
    const size = sizes[piece % sizes.length] ?? 1
    yield text.slice(at, at + size)
    at += size
  }
}

/** The partial objects, one list per object of the text: another one begins without the keys of the last one. */
async function shown(text: string, sizes = [1]): Promise<unknown[][]> {
  const objects: object[][] = []
  let last: object | undefined
  for await (const object of partialObjects(inPieces(text, sizes))) {
    const goesOn = last !== undefined && Object.keys(last).every((key) => Object.hasOwn(object, key))
    if (!goesOn) objects.push([])
    objects.at(-1)?.push(object)
    last = object
  }
  return objects
}

/** Is `part` the value `whole` at an earlier time? */
function begins(part: unknown, whole: unknown): boolean {
  if (typeof part === 'string') return typeof whole === 'string' && whole.startsWith(part)
  if (typeof part !== 'object' || part === null) return Object.is(part, whole) || part === whole
  if (typeof whole !== 'object' || whole === null || Array.isArray(part) !== Array.isArray(whole))
    return false
  return Object.keys(part).every((key) => begins(part[key as never], whole[key as never]))
}

const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 })
const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 })
const prose = fc.constantFrom(
  '',
  'As I said [1], {this} is it: ',
  '\uFEFF',
  '<think>\n{"a": 1}</think>\n',
  '```json\n',
  '[see] ',
)

describe('law', { timeout: 30_000 }, () => {
  it('in whatever pieces it comes, and whatever stands before it, an object is whole at the end and a beginning of it before', () =>
    fc.assert(
      fc.asyncProperty(object, sizes, fc.constantFrom(0, 2), prose, async (value, cuts, indent, before) => {
        const json = JSON.stringify(value, null, indent)
        const whole: unknown = JSON.parse(json)
        const parts = (await shown(`${before}${json}\n\`\`\` Done.`, cuts)).flat()
        expect(parts.at(-1)).toEqual(whole)
        expect(parts.every((part) => begins(part, whole))).toBe(true)
        const values = candidatesIn(`${before}${json} Done.`).map((found) => 'value' in found && found.value)
        expect(values.filter((found) => !Array.isArray(found))).toEqual([whole])
      }),
      { numRuns: 200 },
    ))

  it('what is shown of a broken object is a beginning of what it was meant to be, and no part of it is a value', () =>
    fc.assert(
      fc.asyncProperty(
        object,
        sizes,
        fc.constantFrom('None', 'True', "'x'", 'NaN', '1_0', '}', 'a', '/* [ */ 1'),
        async (value, cuts, odd) => {
          const text = `So: {"first": ${JSON.stringify(value)}, "odd": ${odd}, "last": {"a": 1}} and [1].`
          const meant = candidatesIn(text)
          const [first] = meant
          for (const parts of await shown(text, cuts))
            for (const part of parts)
              expect(begins(part, first && 'value' in first ? first.value : { first: value })).toBe(true)
          // The whole or nothing of it.
          const values = meant.flatMap((found) => ('value' in found ? [found.value] : []))
          expect(values.every((found) => Array.isArray(found) || 'last' in Object(found))).toBe(true)
        },
      ),
      { numRuns: 200 },
    ))

  it('whatever the text is, it is read and never throws', () =>
    fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.constantFrom(...'{}[]"\'\\/*:,a1 -\n') }),
        sizes,
        async (text, cuts) => {
          expect(candidatesIn(text)).toBeInstanceOf(Array)
          await expect(shown(text, cuts)).resolves.toBeDefined()
        },
      ),
      { numRuns: 500 },
    ))
})

it('shows half a text, but no half number and no half escape', async () => {
  const [parts] = await shown('{"a": "hello\\u00e9", "b": 123, "c": tr', [10, 6, 16, 3, 9])
  expect(parts).toEqual([{ a: 'hel' }, { a: 'hello' }, { a: 'helloé', b: 123 }])
})

it('begins the value of a key anew where the key comes twice: the last one counts, as in JSON.parse', async () => {
  const text = '{"a": [1, 2], "b": "x", "a": [3]}'
  const [parts = []] = await shown(text)
  expect(parts).toContainEqual({ a: [1, 2], b: 'x' })
  expect(parts).toContainEqual({ a: [], b: 'x' })
  expect(parts.at(-1)).toEqual(JSON.parse(text))
})

it('makes no prototype of a key', async () => {
  const parts = (await shown('{"__proto__": {"admin": true}}')).flat()
  const values = candidatesIn(`So: {'__proto__': {'admin': True}}`).map(
    (found) => 'value' in found && found.value,
  )
  for (const value of [parts.at(-1), ...values]) {
    expect(Object.keys(value as object)).toEqual(['__proto__'])
    expect((value as { admin?: boolean }).admin).toBeUndefined()
  }
})

it.each([
  ['{'],
  ['['],
  ['{"a":'],
  ['[ '],
  ['{ '],
  [' '],
  ['```\n  \n'],
  ['"'],
  ["{'"],
  ['{a'],
  ['[1]'],
  ['{"a":1}'],
  ['// '],
  ['</think>'],
  ['<think>'],
  ['\\"'],
  ['{"a": None}'],
  ['1_'],
  ['```\n{}'],
  ['```\n{'],
  ['```\n{\n```\n'],
  ['[1-3], '],
  ['["</think>"], '],
  ['{"a":1}\n</think>'],
])('reads %j again and again in time that grows with the text', async (piece) => {
  const text = (length: number) => `x ${piece.repeat(length)}`
  expect(await growth((length) => candidatesIn(text(length)))).toBeLessThan(1.7)
  expect(
    await growth(async (length) => {
      for await (const _ of partialObjects(inPieces(piece + text(length), [5])));
    }),
  ).toBeLessThan(1.7)
})
