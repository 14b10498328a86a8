// Keywords of JSON Schema that a grammar enforces, on the real engine with a random model at a high temperature.
import { describe, expect, it } from 'vitest'
import { answers } from '../../../test/schema-answers.js'
import { keywords } from './schema-keywords.js'

const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })
const flag = { type: 'boolean' }

/** For each keyword in the grammar: schemas, and whether a value matches them. */
const enforced: Record<string, [schema: object, fits: (value: never) => boolean][]> = {
  type: [
    [{ type: ['boolean', 'null'] }, (value) => value === null || typeof value === 'boolean'],
    [{ type: 'integer' }, (value) => Number.isSafeInteger(value)],
  ],
  const: [
    [{ const: { a: [1, null, 'x"\\'] } }, (value) => JSON.stringify(value) === '{"a":[1,null,"x\\"\\\\"]}'],
  ],
  enum: [[{ enum: ['a', 2, null, true] }, (value) => ['a', 2, null, true].includes(value)]],
  allOf: [
    [
      { allOf: [{ type: 'integer', minimum: 3 }, { type: 'number', maximum: 5 }, { minimum: 4 }] },
      (value) => [4, 5].includes(value),
    ],
  ],
  anyOf: [[{ anyOf: [{ const: 1 }, { type: 'null' }] }, (value) => value === 1 || value === null]],
  oneOf: [
    [
      {
        oneOf: [
          object({ kind: { const: 'a' } }, { required: ['kind'] }),
          { type: 'integer', minimum: 7, maximum: 9 },
        ],
      },
      (value: { kind?: string } | number) =>
        typeof value === 'number' ? [7, 8, 9].includes(value) : value.kind === 'a',
    ],
  ],
  $ref: [
    [
      {
        $ref: '#/$defs/a~1b',
        $defs: { 'a/b': { type: 'array', maxItems: 1, items: { $ref: '#/$defs/a~1b' } } },
      },
      (value) => /^\[*\]*$/.test(JSON.stringify(value)),
    ],
  ],
  properties: [
    [
      object({ a: flag, 'b"c': { const: 1 } }, { required: ['a', 'b"c'] }),
      (value: Record<string, unknown>) => typeof value.a === 'boolean' && value['b"c'] === 1,
    ],
  ],
  required: [
    [object({ a: flag, b: flag }, { required: ['b'] }), (value: object) => 'b' in value],
    [
      { type: 'object', required: ['z'], additionalProperties: flag },
      (value: Record<string, unknown>) => typeof value.z === 'boolean',
    ],
  ],
  additionalProperties: [
    [
      object({ a: flag }, { additionalProperties: false }),
      (value: object) => Object.keys(value).every((key) => key === 'a'),
    ],
    [
      object({ a: flag }, { additionalProperties: { const: 5 }, required: ['a'] }),
      ({ a, ...rest }: { a: boolean }) =>
        typeof a === 'boolean' && Object.values(rest).every((value) => value === 5),
    ],
  ],
  minProperties: [
    [
      { type: 'object', additionalProperties: { const: 0 }, minProperties: 1, maxProperties: 1 },
      (value: object) => Object.keys(value).length === 1,
    ],
  ],
  maxProperties: [
    [
      { type: 'object', additionalProperties: { const: 0 }, maxProperties: 1 },
      (value: object) => Object.keys(value).length <= 1,
    ],
  ],
  items: [
    [
      { type: 'array', items: flag, maxItems: 3 },
      (value: unknown[]) => value.every((item) => typeof item === 'boolean'),
    ],
  ],
  prefixItems: [
    [
      { type: 'array', prefixItems: [flag, { const: 1 }], items: false },
      (value: unknown[]) => typeof value[0] === 'boolean' && value[1] === 1 && value.length === 2,
    ],
  ],
  additionalItems: [
    [
      { type: 'array', items: [flag, { const: 1 }], additionalItems: { const: 2 }, maxItems: 3 },
      ([first, second, third]: unknown[]) =>
        typeof first === 'boolean' && second === 1 && (third === undefined || third === 2),
    ],
  ],
  minItems: [
    [
      { type: 'array', items: { const: 1 }, minItems: 2, maxItems: 3 },
      (value: unknown[]) => value.length >= 2,
    ],
  ],
  maxItems: [[{ type: 'array', items: { const: 1 }, maxItems: 2 }, (value: unknown[]) => value.length <= 2]],
  minLength: [[{ type: 'string', minLength: 3, maxLength: 5 }, (value: string) => [...value].length >= 3]],
  maxLength: [[{ type: 'string', maxLength: 2 }, (value: string) => [...value].length <= 2]],
  format: [
    [{ type: 'string', format: 'date' }, (value: string) => new Date(value).toISOString().startsWith(value)],
    [{ type: 'string', format: 'date-time' }, (value: string) => !Number.isNaN(Date.parse(value))],
    [
      { type: 'string', format: 'uuid' },
      (value: string) => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value),
    ],
  ],
  pattern: [
    String.raw`^[A-Z]{3}-\d{2}$`,
    String.raw`^(?:foo|ba[rz]|"\\)$`,
    String.raw`^[^a-z\d]{2,3}?\.\n$`,
    String.raw`^(?<name>\w\s){1,2}$|^\u0041$`,
    '^.$',
  ].map((pattern) => [{ type: 'string', pattern }, (value: string) => new RegExp(pattern, 'u').test(value)]),
  minimum: [
    [{ type: 'integer', minimum: 1, maximum: 3 }, (value) => [1, 2, 3].includes(value)],
    [{ type: 'integer', minimum: -17, maximum: 123 }, (value) => value >= -17 && value <= 123],
    [{ type: 'number', minimum: 0, maximum: 1 }, (value) => value >= 0 && value <= 1],
    [
      { type: 'integer', minimum: -9007199254740991, maximum: 9007199254740991 },
      (value) => Number.isSafeInteger(value),
    ],
  ],
  maximum: [[{ type: 'integer', maximum: -5 }, (value) => value <= -5]],
  exclusiveMinimum: [
    [{ type: 'integer', exclusiveMinimum: 1, maximum: 3 }, (value) => [2, 3].includes(value)],
    [{ type: 'number', exclusiveMinimum: 0, maximum: 2 }, (value) => value > 0 && value <= 2],
  ],
  exclusiveMaximum: [
    [{ type: 'integer', minimum: 0, exclusiveMaximum: 2 }, (value) => [0, 1].includes(value)],
  ],
}

describe('a keyword in the grammar', () => {
  it.each(Object.entries(keywords).filter(([, how]) => how === 'grammar'))('%s is enforced', async (name) => {
    const cases = enforced[name] ?? []
    expect(cases.length).toBeGreaterThan(0)
    for (const [schema, fits] of cases) {
      const { values, warnings } = await answers(schema)
      expect(warnings).toEqual([])
      expect(values.length).toBeGreaterThan(0)
      for (const value of values) expect(fits(value as never) ? 'fits' : value).toBe('fits')
    }
  })
})
