// What a grammar keeps of a JSON Schema, on the real engine at a temperature at which a model would write anything.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JsonSchema } from '@patchbay/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { writeRandomModel } from '../../../test/random-model.js'
import { failureOf } from '../../../test/world.js'
import { type LocalProvider, local } from '../../index.js'
import { SchemaGrammar } from './schema-grammar.js'
import { keywords } from './schema-keywords.js'

const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })
const flag = { type: 'boolean' }

/** For each keyword that a grammar keeps: schemas, and whether a value is one of theirs. */
const kept: Record<string, [schema: object, fits: (value: never) => boolean][]> = {
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

let provider: LocalProvider
beforeAll(() => {
  const dir = mkdtempSync(join(tmpdir(), 'patchbay-'))
  const path = writeRandomModel(join(dir, 'random.gguf'))
  provider = local({ model: path, threads: 1, cacheDir: false, parallel: 4 })
  return async () => {
    await provider.close()
    rmSync(dir, { recursive: true })
  }
})

/** What comes of a schema with so many seeds, as far as it came to an end. */
async function answers(schema: object, seeds = 12): Promise<{ values: unknown[]; warnings: string[] }> {
  const warnings = new Set<string>()
  const all = await Promise.all(
    Array.from({ length: seeds }, async (_, seed) => {
      const output = { schema: schema as JsonSchema }
      const request = { messages: 'hi', output, seed, temperature: 1.5, maxOutputTokens: 200 }
      try {
        const { output, warnings: told } = await provider.chat(request)
        for (const { message } of told) warnings.add(message)
        return [output]
      } catch (error) {
        const { partial } = await failureOf(Promise.reject(error))
        // Cut at its limit: nothing is known of it.
        if (partial?.finishReason === 'length') return []
        throw error
      }
    }),
  )
  return { values: all.flat(), warnings: [...warnings] }
}

describe('a keyword that the grammar keeps', () => {
  it.each(
    Object.entries(keywords).filter(([, how]) => how === 'grammar'),
  )('%s: nothing else is ever written', async (name) => {
    const cases = kept[name] ?? []
    expect(cases.length).toBeGreaterThan(0)
    for (const [schema, fits] of cases) {
      const { values, warnings } = await answers(schema)
      expect(warnings).toEqual([])
      expect(values.length).toBeGreaterThan(0)
      for (const value of values) expect(fits(value as never) ? 'fits' : value).toBe('fits')
    }
  })
})

describe('a keyword that the grammar does not keep', () => {
  it.each(Object.entries(keywords).filter(([, how]) => how === 'checked'))('%s is told', (name) => {
    const grammar = new SchemaGrammar()
    grammar.add({ type: 'object', properties: { a: { [name]: {} } } })
    expect([...grammar.unkept]).toEqual([name])
  })

  it.each<[string, object, string[]]>([
    ['a bound that is no whole number', { type: 'number', minimum: 0.5, maximum: 2 }, ['minimum']],
    ['a pattern that looks ahead', { type: 'string', pattern: '^(?=a)..$' }, ['pattern']],
    ['a pattern that repeats nothing', { type: 'string', pattern: '^(a*)*$' }, ['pattern']],
    [
      'a pattern of repetitions in repetitions',
      { type: 'string', pattern: '^(a{1,1000}b){1,1000}$' },
      ['pattern'],
    ],
    ['a pattern that looks back', { type: 'string', pattern: String.raw`^(.)\1$` }, ['pattern']],
    ['a length beside a pattern', { type: 'string', pattern: '^a*$', maxLength: 2 }, ['maxLength']],
    ['a very long text', { type: 'string', maxLength: 100_000 }, ['maxLength']],
    ['a format of many forms', { type: 'string', format: 'email' }, ['format']],
    ['a choice of forms that overlap', { oneOf: [{ type: 'integer' }, { type: 'number' }] }, ['oneOf']],
    [
      'a keyword beside a reference',
      { $ref: '#/$defs/a', minLength: 3, $defs: { a: { type: 'string' } } },
      ['minLength'],
    ],
    [
      'a number of named properties',
      { ...object({ a: flag, b: flag }), minProperties: 1 },
      ['minProperties'],
    ],
  ])('is told: %s', (_, schema, unkept) => {
    const grammar = new SchemaGrammar()
    grammar.add(schema)
    expect([...grammar.unkept]).toEqual(unkept)
  })

  it('is a warning on the response, and is checked', async () => {
    const schema = {
      type: 'array',
      items: { type: 'integer', minimum: 0, maximum: 1 },
      minItems: 2,
      maxItems: 2,
      uniqueItems: true,
    }
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, seed) =>
        provider.chat({ messages: 'hi', output: { schema }, seed, temperature: 1.5 }).then(
          ({ warnings }) => warnings.map(({ message }) => message).join(),
          (error) => error.code,
        ),
      ),
    )
    for (const outcome of outcomes) expect(outcome).toMatch(/uniqueItems|^structured-output$/)
  })

  it.each([
    ['repetitions in repetitions', '^(a{1,1000}b){1,1000}$'],
    ['many groups, many times', '^((a|b)(c|d)(e|f)(g|h)(i|j)){0,999}$'],
    ['a look ahead', '^(?=.*)'],
  ])('a pattern that is too much for the engine is told: %s', async (_, pattern) => {
    const outcome = await provider
      .chat({ messages: 'hi', output: { schema: { type: 'string', pattern, maxLength: 2 } } })
      .catch((error) => error.partial ?? error)
    expect(outcome.warnings.map(({ message }: { message: string }) => message)).toEqual([
      expect.stringMatching(/does not enforce pattern; .* afterwards, but for patterns .* RE2/),
    ])
  })
})

describe('a schema that comes back to itself', () => {
  it.each<[string, object]>([
    ['by a reference with a description', { allOf: [{ $ref: '#/$defs/node' }], description: 'a child' }],
    [
      'in a choice with something beside it',
      { type: ['object', 'null'], anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] },
    ],
    ['put together with something else', { allOf: [{ $ref: '#/$defs/node' }, { type: 'object' }] }],
  ])('%s has a grammar that ends', (_, child) => {
    const properties = { leaf: flag, left: child, right: child }
    const node = object(properties, { required: ['leaf'], additionalProperties: false })
    const grammar = new SchemaGrammar()
    expect(grammar.text(grammar.add({ $ref: '#/$defs/node', $defs: { node } })).length).toBeLessThan(20_000)
    expect([...grammar.unkept]).toEqual([])
  })

  it('too deep is refused', () => {
    let schema: object = flag
    for (let depth = 0; depth < 20_000; depth++) schema = { type: 'array', items: schema }
    expect(() => new SchemaGrammar().add(schema)).toThrow(/nested too deep/)
  })
})

describe('optional properties', () => {
  it('may be left out, in every combination, and keep their order', async () => {
    const schema = object(
      { a: { const: 1 }, b: { const: 2 }, c: { const: 3 } },
      { required: ['b'], additionalProperties: false },
    )
    const { values } = await answers(schema, 60)
    const seen = new Set(values.map((value) => Object.keys(value as object).join('')))
    expect([...seen].sort()).toEqual(['ab', 'abc', 'b', 'bc'])
  })
})

describe('a schema that nothing fits', () => {
  it.each<[string, unknown]>([
    ['refuses everything', false],
    ['has bounds that cross', { type: 'integer', minimum: 3, maximum: 2 }],
    ['has no choice', { enum: [] }],
    ['has choices of another type', { type: 'string', enum: [1] }],
    ['asks for what it forbids', object({}, { required: ['a'], additionalProperties: false })],
    ['refers to nothing', { $ref: '#/$defs/none' }],
    ['refers to itself alone', { $ref: '#' }],
    ['refers to itself in all it has', { type: 'object', allOf: [{ $ref: '#' }, { minProperties: 1 }] }],
    ['is no schema', { type: 'object', properties: { a: 7 } }],
  ])('is refused: it %s', async (_, schema) => {
    const request = { messages: 'hi', output: { schema: schema as JsonSchema }, maxOutputTokens: 5 }
    expect(['unsupported', 'invalid-request']).toContain((await failureOf(provider.chat(request))).code)
  })
})
