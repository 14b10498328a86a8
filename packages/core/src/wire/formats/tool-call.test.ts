// The arguments of calls, as they come.
import { expect, it } from 'vitest'
import { parseInput } from './tool-call.js'

it.each<[json: string, input: unknown]>([
  ['{"x":[1]}', { x: [1] }],
  ['[1]', [1]],
  ['', {}],
  [' \n', {}],
  ['null', {}],
  ['{"x":"a', { $unparsed: '{"x":"a' }],
  ['oops', { $unparsed: 'oops' }],
])('arguments are parsed, empty, or marked: %j', (json, input) => {
  expect(parseInput(json)).toEqual(input)
})
