// Runs a TypeScript program with the built packages: bundles its own files into .cache beside it, and starts that.
import { spawnSync } from 'node:child_process'
import { basename, dirname, join, resolve } from 'node:path'
import { build } from 'esbuild'

const [entry, ...args] = process.argv.slice(2)
const file = resolve(entry)
const outfile = join(dirname(dirname(file)), '.cache', basename(file).replace(/\.ts$/, '.mjs'))
await build({
  entryPoints: [file],
  outfile,
  bundle: true,
  packages: 'external',
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
