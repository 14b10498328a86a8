// The official JSON Schema test suite, its required tests. A package brings those of draft 4; those of drafts 7 and 2020-12
// are run if PATCHBAY_JSON_SCHEMA_SUITE names a checkout of github.com/json-schema-org/JSON-Schema-Test-Suite. Failing tests
// are listed by name in test/json-schema-suite-failing.json, with the reason; a listed test that passes must be removed.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import type { JsonSchema } from '../contract/request.js'
import { violation } from './json-schema.js'

interface Group {
  description: string
  schema: JsonSchema | boolean
  tests: { description: string; data: unknown; valid: boolean }[]
}

const read = (path: string | URL): unknown => JSON.parse(readFileSync(path, 'utf8'))
const failing = read(new URL('../../test/json-schema-suite-failing.json', import.meta.url)) as Record<
  string,
  Record<string, string[]>
>
const packaged = dirname(createRequire(import.meta.url).resolve('json-schema-test-suite/package.json'))
const checkout = process.env.PATCHBAY_JSON_SCHEMA_SUITE
const hasCheckout = checkout !== undefined && existsSync(join(checkout, 'tests/draft2020-12'))
if (!hasCheckout)
  process.stdout.write(
    'Skipped: the official JSON Schema suite of drafts 7 and 2020-12. Set PATCHBAY_JSON_SCHEMA_SUITE to a checkout of it.\n',
  )

function judge(suite: string, draft: string, least: number, $schema: string | undefined): void {
  const failed: string[] = []
  let count = 0
  const folder = join(suite, 'tests', draft)
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json')))
    for (const group of read(join(folder, file)) as Group[]) {
      const schema =
        $schema === undefined || typeof group.schema === 'boolean'
          ? group.schema
          : { $schema, ...group.schema }
      const before = JSON.stringify(schema)
      for (const { description, data, valid } of group.tests) {
        count++
        const problem = violation(schema, data)
        if ((problem === undefined) !== valid)
          failed.push(`${file.replace(/\.json$/, '')}: ${group.description}: ${description}`)
      }
      expect(JSON.stringify(schema)).toBe(before)
    }
  expect(count).toBeGreaterThan(least)
  expect(failed.sort()).toEqual(
    Object.values(failing[draft] ?? {})
      .flat()
      .sort(),
  )
}

it('judges as the suite of draft 4 does, but for the named tests', () =>
  judge(packaged, 'draft4', 200, 'http://json-schema.org/draft-04/schema#'))

it.skipIf(!hasCheckout).each([
  ['draft2020-12', 1200, undefined],
  ['draft7', 900, 'http://json-schema.org/draft-07/schema#'],
] as const)('judges as the suite of %s does, but for the named tests', (draft, least, $schema) =>
  judge(checkout as string, draft, least, $schema),
)
