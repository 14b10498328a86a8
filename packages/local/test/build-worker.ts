// Builds the worker's program for tests of the sources, and a bundle of the package for tests with an app of their own.
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build } from 'esbuild'

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const options: BuildOptions = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  conditions: ['@patchbay/source'],
}

export default async function buildWorker(): Promise<void> {
  await build({
    ...options,
    entryPoints: [at('src/worker/main.ts')],
    outfile: at('.cache/dist/worker.js'),
    packages: 'external',
  })
  await build({
    ...options,
    entryPoints: [at('src/index.ts')],
    outfile: at('.cache/dist/local.mjs'),
    external: ['undici'],
  })
}
