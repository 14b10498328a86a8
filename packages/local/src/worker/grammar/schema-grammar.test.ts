// Grammars for JSON Schemas: unenforced keywords, recursive schemas, optional properties, schemas that no value matches.
import type { JsonSchema } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { failureOf } from '../../../test/fixtures.js'
import { answers, provider } from '../../../test/schema-answers.js'
import { SchemaGrammar } from './schema-grammar.js'
import { keywords } from './schema-keywords.js'

const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })
const flag = { type: 'boolean' }

describe('a keyword that is not in the grammar', () => {
  it.each(Object.entries(keywords).filter(([, how]) => how === 'checked'))('%s is reported', (name) => {
    const grammar = new SchemaGrammar()
    grammar.add({ type: 'object', properties: { a: { [name]: {} } } })
    expect([...grammar.unenforced]).toEqual([name])
  })

  it.each<[string, object, string[]]>([
    ['a bound that is not an integer', { type: 'number', minimum: 0.5, maximum: 2 }, ['minimum']],
    ['a pattern with lookahead', { type: 'string', pattern: '^(?=a)..$' }, ['pattern']],
    ['a pattern that repeats an empty match', { type: 'string', pattern: '^(a*)*$' }, ['pattern']],
    ['a pattern with nested repetitions', { type: 'string', pattern: '^(a{1,1000}b){1,1000}$' }, ['pattern']],
    ['a pattern with a back reference', { type: 'string', pattern: String.raw`^(.)\1$` }, ['pattern']],
    ['a length next to a pattern', { type: 'string', pattern: '^a*$', maxLength: 2 }, ['maxLength']],
    ['a very long text', { type: 'string', maxLength: 100_000 }, ['maxLength']],
    ['a format without a rule', { type: 'string', format: 'email' }, ['format']],
    ['a choice of branches that overlap', { oneOf: [{ type: 'integer' }, { type: 'number' }] }, ['oneOf']],
    [
      'a keyword next to a reference',
      { $ref: '#/$defs/a', minLength: 3, $defs: { a: { type: 'string' } } },
      ['minLength'],
    ],
    [
      'a number of named properties',
      { ...object({ a: flag, b: flag }), minProperties: 1 },
      ['minProperties'],
    ],
  ])('is reported: %s', (_, schema, unenforced) => {
    const grammar = new SchemaGrammar()
    grammar.add(schema)
    expect([...grammar.unenforced]).toEqual(unenforced)
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
    ['nested repetitions', '^(a{1,1000}b){1,1000}$'],
    ['many groups with many repetitions', '^((a|b)(c|d)(e|f)(g|h)(i|j)){0,999}$'],
    ['lookahead', '^(?=.*)'],
  ])('a pattern that the engine cannot handle is reported: %s', async (_, pattern) => {
    const outcome = await provider
      .chat({ messages: 'hi', output: { schema: { type: 'string', pattern, maxLength: 2 } } })
      .catch((error) => error.partial ?? error)
    expect(outcome.warnings.map(({ message }: { message: string }) => message)).toEqual([
      expect.stringMatching(/does not enforce pattern; .* afterwards, except for patterns .* RE2/),
    ])
  })
})

describe('a recursive schema', () => {
  it.each<[string, object]>([
    ['by a reference with a description', { allOf: [{ $ref: '#/$defs/node' }], description: 'a child' }],
    [
      'in a choice with other keywords',
      { type: ['object', 'null'], anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] },
    ],
    ['merged with another schema', { allOf: [{ $ref: '#/$defs/node' }, { type: 'object' }] }],
  ])('%s has a finite grammar', (_, child) => {
    const properties = { leaf: flag, left: child, right: child }
    const node = object(properties, { required: ['leaf'], additionalProperties: false })
    const grammar = new SchemaGrammar()
    expect(grammar.text(grammar.add({ $ref: '#/$defs/node', $defs: { node } })).length).toBeLessThan(20_000)
    expect([...grammar.unenforced]).toEqual([])
  })

  it('that is nested too deeply is refused', () => {
    let schema: object = flag
    for (let depth = 0; depth < 20_000; depth++) schema = { type: 'array', items: schema }
    expect(() => new SchemaGrammar().add(schema)).toThrow(/nested too deeply/)
  })
})

describe('optional properties', () => {
  it('may be left out, in every combination, and come in any order', async () => {
    const schema = object(
      { a: { const: 1 }, b: { const: 2 }, c: { const: 3 } },
      { required: ['b'], additionalProperties: false },
    )
    const { values } = await answers(schema, 60)
    const seen = new Set(values.map((value) => Object.keys(value as object).join('')))
    const sets = new Set([...seen].map((keys) => [...keys].sort().join('')))
    expect([...sets].sort()).toEqual(['ab', 'abc', 'b', 'bc'])
    expect(seen).toContain('ba')
    expect([...seen].every((keys) => keys.includes('b'))).toBe(true)
  })
})

describe('many properties', () => {
  const letters = (count: number) => Array.from({ length: count }, (_, index) => `k${index}`)
  const wide = (count: number) =>
    object(Object.fromEntries(letters(count).map((name, index) => [name, { const: index }])), {
      // Every third one is required.
      required: letters(count).filter((_, index) => index % 3 === 0),
      additionalProperties: false,
    })

  it('come each once, the required ones all, and the optional ones anywhere between them', async () => {
    const { values } = await answers(wide(9), 40)
    const orders = values.map((value) => Object.keys(value as object))
    const inSequence = (keys: string[]) =>
      keys.every((key, index) => index === 0 || (keys[index - 1] ?? '') < key)
    const isRequired = (key: string) => Number(key.slice(1)) % 3 === 0
    for (const keys of orders) {
      expect(keys.filter(isRequired)).toEqual(['k0', 'k3', 'k6'])
      expect(inSequence(keys.filter((key) => !isRequired(key)))).toBe(true)
    }
    expect(orders.some((keys) => !inSequence(keys))).toBe(true)
    expect(new Set(orders.map((keys) => keys.join())).size).toBeGreaterThan(20)
  })

  it('make a grammar that grows with the square of their number at most', () => {
    const sizeOf = (count: number) => {
      const grammar = new SchemaGrammar()
      return grammar.text(grammar.add(wide(count))).length
    }
    expect(sizeOf(60)).toBeLessThan(sizeOf(30) * 5)
    expect(sizeOf(400)).toBeLessThan(sizeOf(200) * 3)
  })
})

describe('a schema that no value matches', () => {
  it.each<[string, unknown]>([
    ['refuses everything', false],
    ['has a minimum above its maximum', { type: 'integer', minimum: 3, maximum: 2 }],
    ['has an empty enum', { enum: [] }],
    ['has enum values of another type', { type: 'string', enum: [1] }],
    ['requires a property that it forbids', object({}, { required: ['a'], additionalProperties: false })],
    ['has a reference without a target', { $ref: '#/$defs/none' }],
    ['refers only to itself', { $ref: '#' }],
    ['refers to itself in allOf', { type: 'object', allOf: [{ $ref: '#' }, { minProperties: 1 }] }],
    ['is not a schema', { type: 'object', properties: { a: 7 } }],
  ])('is refused: it %s', async (_, schema) => {
    const request = { messages: 'hi', output: { schema: schema as JsonSchema }, maxOutputTokens: 5 }
    expect(['unsupported', 'invalid-request']).toContain((await failureOf(provider.chat(request))).code)
  })
})
