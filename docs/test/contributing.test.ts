// Every file and folder that CONTRIBUTING.md names exists.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

it('CONTRIBUTING.md names files that exist', () => {
  const page = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')
  const paths = [...page.matchAll(/(?:packages|apps|docs|scripts|fuzz)\/[\w./-]*\w/g)].map(([path]) => path)
  expect(paths.length).toBeGreaterThan(50)
  // What tests leave behind is there once they ran.
  const kept = paths.filter((path) => !path.includes('/.cache/'))
  expect(kept.filter((path) => !existsSync(join(root, path)))).toEqual([])
})
