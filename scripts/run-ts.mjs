// Runs a TypeScript program: bundles its own files into .cache beside it, and starts that. It has the built packages, or with
// --source first their sources.
import { spawnSync } from 'node:child_process'
import { basename, dirname, join, resolve } from 'node:path'
import { build } from 'esbuild'

const isSource = process.argv[2] === '--source'
const [entry, ...args] = process.argv.slice(isSource ? 3 : 2)
const file = resolve(entry)
const outfile = join(dirname(dirname(file)), '.cache', basename(file).replace(/\.ts$/, '.mjs'))
await build({
  entryPoints: [file],
  outfile,
  bundle: true,
  ...(isSource
    ? { conditions: ['@patchbay/source'], plugins: [{ name: 'external', setup: keepExternal }] }
    : { packages: 'external' }),
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'inline',
  logLevel: 'warning',
})
const { status, signal } = spawnSync(process.execPath, ['--enable-source-maps', outfile, ...args], {
  stdio: 'inherit',
})
process.exit(signal === null ? (status ?? 1) : 1)

/** Bundles the packages of this repository only. */
function keepExternal({ onResolve }) {
  onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
    kind === 'entry-point' || path.startsWith('@patchbay/') ? undefined : { path, external: true },
  )
}
