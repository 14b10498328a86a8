// The JSON Schema check: each keyword, with the path of what is wrong.
import { describe, expect, it } from 'vitest'
import { violation } from './json-schema.js'
import type { JsonSchema } from './request.js'

const tree: JsonSchema = {
  type: 'object',
  properties: { value: { type: 'number' }, children: { type: 'array', items: { $ref: '#' } } },
  required: ['value'],
  additionalProperties: false,
}

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
  ])('%j refuses %j', (schema, value, problem) => expect(violation(schema, value)).toContain(problem))
})

it('takes patterns of older and other dialects', () => {
  expect(violation({ pattern: '^\\-\\w+$' }, '-a')).toBeUndefined()
  expect(violation({ pattern: '^\\-\\w+$' }, 'a')).toMatch(/must match/)
  expect(violation({ pattern: '(?i)a' }, 'b')).toBeUndefined()
})
