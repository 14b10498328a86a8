// Partial objects as React needs them: a new object for what has changed, the old one for everything else.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { mockProvider } from '../../../testing/src/mock.js'
import { growth } from '../../test/growth.js'
import { streamObject } from '../index.js'
import { partialObjects } from './partial-json.js'

async function* inPieces(text: string, sizes: number[]): AsyncGenerator<string> {
  for (let at = 0, piece = 0; at < text.length; piece++) {
    const size = sizes[piece % sizes.length] ?? 1
    yield text.slice(at, at + size)
    at += size
  }
}

async function snapshotsOf(text: string, sizes: number[]): Promise<unknown[]> {
  const values: unknown[] = []
  for await (const value of partialObjects(inPieces(text, sizes))) values.push(value)
  return values
}

/** Containers at the same path with the same JSON, and whether they are the same object. */
function* comparedParts(before: unknown, after: unknown): Generator<{ equal: boolean; same: boolean }> {
  if (typeof before !== 'object' || typeof after !== 'object' || !before || !after) return
  yield { equal: JSON.stringify(before) === JSON.stringify(after), same: before === after }
  for (const key of Object.keys(before)) yield* comparedParts(before[key as never], after[key as never])
}

/** JSON text of any value; its objects may have a key twice, if it is asked for. */
const json = (twice: boolean) =>
  fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue({ maxDepth: 1 }).map((value) => JSON.stringify(value)),
      fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items}]`),
      fc
        .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', '__proto__'), tie('value')), {
          maxLength: 4,
          selector: (entry): unknown => (twice ? entry : entry[0]),
        })
        .map((entries) => `{${entries.map(([key, value]) => `"${key}": ${value}`)}}`),
    ),
  })).value
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 })

describe('law', () => {
  it('a snapshot never changes, what has not changed is the same object, and the last is the whole value', () =>
    fc.assert(
      fc.asyncProperty(
        fc.boolean().chain((twice) => fc.tuple(fc.constant(twice), json(twice))),
        sizes,
        async ([twice, inner], cuts) => {
          const text = `{"value": ${inner}}`
          const before: string[] = []
          const values: unknown[] = []
          for await (const value of partialObjects(inPieces(text, cuts))) {
            values.push(value)
            before.push(JSON.stringify(value))
          }
          expect(values.map((value) => JSON.stringify(value))).toEqual(before)
          expect(before.at(-1)).toBe(JSON.stringify(JSON.parse(text)))
          expect(new Set(values).size).toBe(values.length)
          // A key that comes twice begins its value again, with a new object.
          for (const [index, value] of values.slice(1).entries())
            for (const { equal, same } of comparedParts(values[index], value))
              if (!twice || same) expect(same).toBe(equal)
        },
      ),
      { numRuns: 500 },
    ))
})

it('streamObject gives them', async () => {
  const schema = z.object({
    head: z.object({ title: z.string() }),
    rows: z.array(z.object({ n: z.number() })),
  })
  const answer = { head: { title: 'one' }, rows: [{ n: 1 }, { n: 2 }, { n: 3 }] }
  const run = streamObject(mockProvider({ answers: [JSON.stringify(answer, null, 1)] }), schema, 'x')
  const seen = []
  for await (const partial of run) seen.push(partial)
  expect(seen.at(-1)).toEqual(answer)
  const [early, late] = [seen.find(({ rows }) => rows?.length === 2), seen.at(-1)]
  expect(early).not.toBe(late)
  expect(early?.head).toBe(late?.head)
  expect(early?.rows?.[0]).toBe(late?.rows?.[0])
  expect(early?.rows).not.toBe(late?.rows)
})

it.each<[string, (n: number) => string]>([
  ['a long list', (n) => `{"a":[${'1,'.repeat(n)}1]}`],
  ['a long list of objects', (n) => `{"a":[${'{"b":[1]},'.repeat(n)}1]}`],
  ['an object with many keys', (n) => `{${Array.from({ length: n }, (_, at) => `"k${at}":1`)}}`],
  ['deep nesting', (n) => `{"a":${'['.repeat(n)}${']'.repeat(n)}}`],
  ['a long text after a long list', (n) => `{"a":[${'1,'.repeat(n)}1],"b":["${'x'.repeat(n)}"]}`],
])('cost as much as the text is long: %s', async (_, text) => {
  // The garbage collector's own work on weak maps grows faster than they do: 1.5 to 1.7 for deep nesting. Quadratic work is 2.
  expect(await growth((n) => snapshotsOf(text(n), [5]))).toBeLessThan(1.85)
})

it('every piece of a small object is shown, and of a large one several together', async () => {
  expect(await snapshotsOf('{"a":"12345678"}', [1])).toHaveLength(10)
  const large = `{"a":[${'1,'.repeat(10_000)}1],"b":"${'x'.repeat(1000)}"}`
  const shown = (await snapshotsOf(large, [1])).length
  expect(shown).toBeGreaterThan(200)
  expect(shown).toBeLessThan(large.length / 2)
})
