// Names that pages and messages may not say.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const skipped = new Set(['node_modules', 'dist', '.git', '.cache', '.turbo', 'CHANGELOG.md'])

function* texts(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    if (skipped.has(name)) continue
    const path = join(folder, name)
    if (statSync(path).isDirectory()) yield* texts(path)
    else if (/\.(md|ts|tsx|js|mjs|json|ya?ml|sh|html)$/.test(name) || name === 'run') yield path
  }
}

it('nobody is told to run `npx` with a name that is not ours: on npm, `patchbay` is somebody else’s package', () => {
  const files = [...texts(root)]
  expect(files.length).toBeGreaterThan(300)
  // Ours are npx @patchbay/cli and the like.
  const foreign = new RegExp(String.raw`\b(npx|bunx|pnpm dlx|npm exec)( -\S+)* ${'patchbay'}\b`)
  expect(files.filter((file) => foreign.test(readFileSync(file, 'utf8')))).toEqual([])
})
