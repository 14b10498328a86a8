// The worker is a program of its own and starts from a file; tests of the sources build just that.
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))

export default async function buildWorker(): Promise<void> {
  await build({
    entryPoints: [at('src/worker/main.ts')],
    outfile: at('dist/worker.js'),
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
  })
}
