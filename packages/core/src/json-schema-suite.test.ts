// The official JSON Schema test suite, required tests of the drafts that models and servers write. What fails is listed by
// name in test/json-schema-suite/failing.json, with its reason; a name that fails no longer has to go.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { violation } from './json-schema.js'
import type { JsonSchema } from './request.js'

interface Group {
  description: string
  schema: JsonSchema | boolean
  tests: { description: string; data: unknown; valid: boolean }[]
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../test/json-schema-suite/${name}.json`, import.meta.url), 'utf8'))
const failing = read('failing') as Record<string, Record<string, string[]>>

it.each([
  ['draft2020-12', 1200, undefined],
  ['draft7', 900, 'http://json-schema.org/draft-07/schema#'],
] as const)('judges as the suite of %s does, but for the named tests', (draft, least, $schema) => {
  const failed: string[] = []
  let count = 0
  for (const [file, groups] of Object.entries(read(draft) as Record<string, Group[]>))
    for (const group of groups) {
      const schema =
        $schema === undefined || typeof group.schema === 'boolean'
          ? group.schema
          : { $schema, ...group.schema }
      const before = JSON.stringify(schema)
      for (const { description, data, valid } of group.tests) {
        count++
        const problem = violation(schema, data)
        if ((problem === undefined) !== valid) failed.push(`${file}: ${group.description}: ${description}`)
      }
      expect(JSON.stringify(schema)).toBe(before)
    }
  expect(count).toBeGreaterThan(least)
  expect(failed.sort()).toEqual(
    Object.values(failing[draft] ?? {})
      .flat()
      .sort(),
  )
})
