// The README's table of model families is the one that the tests know.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { familiesTable } from '../test/families.js'

it('the table of families in the README is the one of the tests', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  expect(readme).toContain(`\n${familiesTable()}\n`)
})
