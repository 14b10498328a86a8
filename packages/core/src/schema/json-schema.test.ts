// The JSON Schema check: each keyword, with the path of the violation, and hostile schemas.
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { growth } from '../../test/growth.js'
import type { JsonSchema } from '../contract/request.js'
import { violation } from './json-schema.js'

const tree: JsonSchema = {
  type: 'object',
  properties: { value: { type: 'number' }, children: { type: 'array', items: { $ref: '#' } } },
  required: ['value'],
  additionalProperties: false,
}

const chosen: JsonSchema = JSON.parse('{"if":{"type":"number"},"then":{"minimum":3},"else":false}')

describe('violation', () => {
  it.each<[JsonSchema, unknown]>([
    [{}, 1],
    [{ type: ['string', 'null'] }, null],
    [{ type: 'integer' }, 3],
    [{ const: { a: [1] } }, { a: [1] }],
    [{ enum: ['a', 2] }, 2],
    [{ anyOf: [{ type: 'string' }, { type: 'number' }] }, 1],
    [{ oneOf: [{ type: 'string' }, { type: 'number' }] }, 1],
    [{ not: { type: 'string' } }, 1],
    [{ prefixItems: [{ type: 'string' }], items: { type: 'number' } }, ['a', 1, 2]],
    [{ pattern: '^a' }, 'abc'],
    [{ maxLength: 2 }, '🦀🦀'],
    [{ additionalProperties: { type: 'number' } }, { a: 1 }],
    [{ $defs: { 'a/b': { type: 'string' } }, $ref: '#/$defs/a~1b' }, 'x'],
    [tree, { value: 1, children: [{ value: 2, children: [] }] }],
    [{ required: ['toString'] }, { toString: 1 }],
    [{ multipleOf: 0.01 }, 19.99],
    [{ multipleOf: 0.1 }, 0.3],
    [{ $defs: { '100%': { type: 'string' } }, $ref: '#/$defs/100%' }, 'x'],
    [{ patternProperties: { '^x-': { type: 'number' } }, additionalProperties: false }, { 'x-a': 1 }],
    [
      { patternProperties: { '[.]$': true }, additionalProperties: false },
      { 'a(b|c.': 1, '[.': 2 },
    ],
    [{ uniqueItems: true }, [1, '1', { a: 1 }, { a: 2 }]],
    [{ format: 'email' }, 'nobody'],
    [{ $schema: 'http://json-schema.org/draft-04/schema#', minimum: 1, exclusiveMinimum: true }, 2],
    [{ minimum: 1, exclusiveMinimum: true }, 1],
    [{ required: true, properties: null, enum: 'x', minLength: '5' }, { a: 1 }],
    [{ id: 'http://elsewhere/', properties: { a: { $ref: '#/$defs/b' } }, $defs: { b: {} } }, { a: 1 }],
  ])('%j takes %j', (schema, value) => expect(violation(schema, value)).toBeUndefined())

  it.each<[JsonSchema, unknown, string]>([
    [{ type: 'object' }, [], '$ must be object'],
    [{ $ref: '#' }, 1, 'refers to itself'],
    [{ allOf: [{ $ref: '#' }] }, {}, 'refers to itself'],
    [{ type: 'integer' }, 1.5, '$ must be integer'],
    [{ type: ['string', 'null'] }, 1, '$ must be string or null'],
    [{ const: 1 }, 2, '$ must be 1'],
    [{ enum: ['a'] }, 'b', '$ must be one of'],
    [{ allOf: [{ type: 'string' }, { minLength: 2 }] }, 'a', '$ must have at least 2 characters'],
    [{ anyOf: [{ type: 'string' }] }, 1, 'matches none'],
    [{ oneOf: [{ type: 'number' }, { minimum: 0 }] }, 1, 'exactly one'],
    [{ not: {} }, 1, 'forbidden'],
    [{ minimum: 2 }, 1, 'at least 2'],
    [{ maximum: 2 }, 3, 'at most 2'],
    [{ exclusiveMinimum: 2 }, 2, 'above 2'],
    [{ exclusiveMaximum: 2 }, 2, 'below 2'],
    [{ multipleOf: 2 }, 3, 'multiple of 2'],
    [{ pattern: '^a' }, 'b', 'match ^a'],
    [{ maxItems: 1 }, [1, 2], 'at most 1 items'],
    [{ items: { type: 'string' } }, ['a', 1], '$[1] must be string'],
    [{ $ref: '#/nowhere' }, 1, 'leads nowhere'],
    [tree, { children: [] }, '$.value is missing'],
    [tree, { value: 1, children: [{ value: 'x' }] }, '$.children[0].value must be number'],
    [tree, { value: 1, more: 2 }, '$.more is not allowed'],
    [{ required: ['toString'] }, {}, '$.toString is missing'],
    [{ multipleOf: 0.01 }, 19.995, '$ must be a multiple of 0.01'],
    [{ $defs: { '100%': { type: 'string' } }, $ref: '#/$defs/100%' }, 1, '$ must be string'],
    [
      { properties: { 'a/b %~': { $ref: '#/$defs/x' } }, $defs: { x: { maxLength: 1 } } },
      { 'a/b %~': 'xx' },
      '$.a/b %~ must have at most 1 characters',
    ],
    [{ patternProperties: { '^x-': { type: 'number' } } }, { 'x-a': 'b' }, '$.x-a must be number'],
    [{ patternProperties: { '^x-': {} }, additionalProperties: false }, { y: 1 }, '$.y is not allowed'],
    [{ additionalProperties: false }, JSON.parse('{"__proto__":1}'), '$.__proto__ is not allowed'],
    [{ uniqueItems: true }, [{ a: 1 }, { a: 1 }], '$ must not have the same item twice'],
    [{ minProperties: 1 }, {}, 'at least 1 properties'],
    [{ maxProperties: 1 }, { a: 1, b: 2 }, 'at most 1 properties'],
    [{ propertyNames: { maxLength: 1 } }, { ab: 1 }, '$.ab: its name must have at most 1 characters'],
    [{ propertyNames: { pattern: '^a$' } }, { ab: 1 }, '$.ab: its name must match ^a$'],
    [{ contains: { type: 'string' } }, [1], '$ must have an item of the wanted form'],
    [{ contains: {}, maxContains: 1 }, [1, 2], 'at most 1 items of the wanted form'],
    [{ minItems: 2 }, [1], 'at least 2 items'],
    [{ prefixItems: [{}], items: false }, [1, 2], '$[1] is not allowed'],
    [{ dependentRequired: { a: ['b'] } }, { a: 1 }, '$.b is missing'],
    [{ dependentSchemas: { a: { required: ['b'] } } }, { a: 1 }, '$.b is missing'],
    [chosen, 1, '$ must be at least 3'],
    [chosen, 'a', '$ is not allowed'],
    [{ unevaluatedProperties: false, properties: { a: {} } }, { a: 1, b: 2 }, '$.b is not allowed'],
    [{ $dynamicRef: '#node', $defs: { x: { $dynamicAnchor: 'node', type: 'string' } } }, 1, 'must be string'],
    [{ $ref: 'https://example.com/schema' }, 1, "$: the schema's https://example.com/schema leads nowhere"],
    [{ $id: 'http://' }, 1, 'the schema cannot be used'],
  ])('%j refuses %j', (schema, value, problem) => expect(violation(schema, value)).toContain(problem))
})

it('takes patterns of older and other dialects', () => {
  expect(violation({ pattern: '^\\-\\w+$' }, '-a')).toBeUndefined()
  expect(violation({ pattern: '^\\-\\w+$' }, 'a')).toMatch(/must match/)
  expect(violation({ pattern: '(?i)a' }, 'b')).toBeUndefined()
})

describe('a schema or a value of a stranger', () => {
  const nested = (depth: number, inner: unknown, around: (inner: unknown) => unknown) => {
    let value = inner
    for (let level = 0; level < depth; level++) value = around(value)
    return value
  }

  it('is judged or told to be unusable, whatever it is, and stays as it was', () => {
    const keyword = fc.constantFrom(
      ...'type const enum allOf anyOf oneOf not if then properties patternProperties required items contains'.split(
        ' ',
      ),
      ...'additionalProperties uniqueItems pattern $ref $id $anchor $defs minimum multipleOf minLength format'.split(
        ' ',
      ),
    )
    const small = { maxLength: 2, maxKeys: 3 }
    const flat = fc.dictionary(keyword, fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constant('#')), small)
    const schema = fc.dictionary(
      keyword,
      fc.oneof(flat, fc.array(flat, small), fc.dictionary(fc.string(), flat, small), fc.constant('#')),
      small,
    )
    fc.assert(
      fc.property(schema, fc.jsonValue(), (made, value) => {
        const before = structuredClone(made)
        const problem = violation(made as JsonSchema, value)
        expect(problem === undefined || problem.startsWith('$')).toBe(true)
        expect(made).toEqual(before)
      }),
      { numRuns: 1000 },
    )
  })

  it('may be frozen', () => {
    const schema = Object.freeze({
      $ref: '#/$defs/a',
      $defs: Object.freeze({ a: Object.freeze({ type: 'string' }) }),
    })
    expect(violation(schema, 1)).toBe('$ must be string')
  })

  it.each<[string, JsonSchema, unknown]>([
    ['a value', { items: { $ref: '#' } }, nested(20_000, 1, (inner) => [inner])],
    ['a schema', nested(20_000, {}, (items) => ({ items })) as JsonSchema, [1]],
    ['both', nested(20_000, {}, (items) => ({ items })) as JsonSchema, nested(20_000, 1, (inner) => [inner])],
  ])('%s that is nested too deeply is told so', (_, schema, value) =>
    expect(violation(schema, value)).toMatch(/nested too deeply/))

  it('references that multiply end', () => {
    const steps = Array.from({ length: 60 }, (_, step) => [
      `d${step}`,
      { anyOf: [{ $ref: `#/$defs/d${step + 1}` }, { $ref: `#/$defs/d${step + 1}` }] },
    ])
    const $defs = { ...Object.fromEntries(steps), d60: { type: 'string' } }
    expect(violation({ $ref: '#/$defs/d0', $defs }, 1)).toMatch(/refers to itself/)
    // The number of references allowed grows with the number of values.
    const list = Array.from({ length: 20_000 }, (_, id) => ({ id }))
    const row = { type: 'object', properties: { id: { $ref: '#/$defs/id' } } }
    expect(
      violation({ items: { $ref: '#/$defs/row' }, $defs: { row, id: { type: 'number' } } }, list),
    ).toBeUndefined()
  })

  it.each<[string, (pattern: string) => JsonSchema, (text: string) => unknown]>([
    ['pattern', (pattern) => ({ pattern }), (text) => text],
    [
      'patternProperties',
      (pattern) => ({ patternProperties: { [pattern]: false } }),
      (text) => ({ [text]: 1 }),
    ],
    ['propertyNames', (pattern) => ({ propertyNames: { pattern } }), (text) => ({ [text]: 1 })],
  ])('a %s that would never end takes time that grows with the text', async (_, schema, value) => {
    for (const pattern of ['^(a+)+$', '(a|a)*$', '(.*)*,(.*)*$', '^(\\w+\\s?)*$'])
      expect(
        await growth((length) => violation(schema(pattern), value(`${'a'.repeat(length)}!`))),
      ).toBeLessThan(1.7)
  })

  it('a pattern is compiled once, and the oldest of very many are forgotten', () => {
    const compile = vi.spyOn(RE2JS, 'compile')
    onTestFinished(() => compile.mockRestore())
    const check = (name: string) => violation({ pattern: `^${name}$` }, name)
    for (let time = 0; time < 3; time++) expect(check('again')).toBeUndefined()
    expect(compile).toHaveBeenCalledTimes(1)
    for (let other = 0; other < 600; other++) check(`other${other}`)
    expect(check('again')).toBeUndefined()
    expect(compile).toHaveBeenCalledTimes(602)
  })

  it('items that differ are compared in time that grows with their number', async () => {
    const items = (count: number) => Array.from({ length: count }, (_, id) => ({ id }))
    expect(await growth((count) => violation({ uniqueItems: true }, items(count)))).toBeLessThan(1.7)
    expect(
      violation({ uniqueItems: true }, [[], {}, null, 'null', 1, '1', [1], { a: [1] }, { a: [] }]),
    ).toBeUndefined()
    expect(
      violation({ items: { uniqueItems: true } }, [
        [
          { a: 1, b: 2 },
          { b: 2, a: 1 },
        ],
      ]),
    ).toMatch(/twice/)
  })

  it('the test of a pattern is nowhere to be found afterwards', async () => {
    const { format } = await import('@cfworker/json-schema')
    const before = Object.keys(format)
    violation({ pattern: '^only here$' }, 'x')
    expect(Object.keys(format)).toEqual(before)
  })
})

it('references of a part of a schema lead into the whole', () => {
  const root = { $defs: { a: { type: 'string' } }, properties: { b: { $ref: '#/$defs/a' } } }
  expect(violation(root.properties.b, 1, root, 'b')).toBe('b must be string')
  expect(violation(root.properties.b, 'x', root, 'b')).toBeUndefined()
})
