// Vectors as services send them, and what is none.
import { describe, expect, it } from 'vitest'
import { json } from '../../test/server.js'
import { ask, failureOf } from '../../test/wire.js'

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
const floats = (...numbers: number[]) => base64(new Uint8Array(Float32Array.from(numbers).buffer))

describe('vectors', () => {
  it.each<[string, unknown]>([
    [
      'nulls, which is how JSON spells NaN',
      [
        { index: 0, embedding: [null, null] },
        { index: 1, embedding: [1, 2] },
      ],
    ],
    [
      'texts for numbers',
      [
        { index: 0, embedding: ['1', '2'] },
        { index: 1, embedding: [1, 2] },
      ],
    ],
    [
      'one index twice',
      [
        { index: 0, embedding: [1] },
        { index: 0, embedding: [2] },
      ],
    ],
    ['an index that is missing', [{ index: 0, embedding: [1] }, { embedding: [2] }]],
    [
      'an index out of range',
      [
        { index: 0, embedding: [1] },
        { index: 2, embedding: [2] },
      ],
    ],
    [
      'an index below zero',
      [
        { index: -1, embedding: [1] },
        { index: 0, embedding: [2] },
      ],
    ],
    [
      'an index between two',
      [
        { index: 0.5, embedding: [1] },
        { index: 1, embedding: [2] },
      ],
    ],
    [
      'an index that is none',
      [
        { index: 'a', embedding: [1] },
        { index: 1, embedding: [2] },
      ],
    ],
    [
      'an index beyond all memory',
      [
        { index: 0, embedding: [1] },
        { index: 4_294_967_294, embedding: [2] },
      ],
    ],
    [
      'different lengths',
      [
        { index: 0, embedding: [1] },
        { index: 1, embedding: [2, 3] },
      ],
    ],
    [
      'no numbers',
      [
        { index: 0, embedding: [] },
        { index: 1, embedding: [] },
      ],
    ],
    ['no vector', [{ index: 0 }, { index: 1, embedding: [1] }]],
    ['too few', [{ index: 0, embedding: [1] }]],
    [
      'too many',
      [
        { index: 0, embedding: [1] },
        { index: 1, embedding: [1] },
        { index: 2, embedding: [1] },
      ],
    ],
    [
      'base64 of half a number',
      [
        { index: 0, embedding: base64(Uint8Array.of(1, 2, 3, 4, 5, 6)) },
        { index: 1, embedding: floats(1) },
      ],
    ],
    [
      'base64 of NaN',
      [
        { index: 0, embedding: floats(Number.NaN) },
        { index: 1, embedding: floats(1) },
      ],
    ],
    [
      'base64 that is none',
      [
        { index: 0, embedding: 'A' },
        { index: 1, embedding: floats(1) },
      ],
    ],
    ['no list', { a: 1 }],
    ['a list of nothing', [null, null]],
  ])('with %s are a bad answer', async (_, data) => {
    expect(await failureOf((await ask(json({ data, model: 'e' }))).embed(['a', 'b']))).toMatchObject({
      code: 'bad-response',
    })
  })

  it('without any index are in the order of the texts', async () => {
    const { vectors } = await (
      await ask(json({ data: [{ embedding: [1] }, { embedding: floats(2) }] }))
    ).embed(['a', 'b'])
    expect(vectors).toEqual([Float32Array.of(1), Float32Array.of(2)])
  })
})
