// Bundles a child program of a benchmark into .cache, as plain JavaScript; packages stay outside.
import { build } from 'esbuild'
import { at } from './report.js'

/** The path of the bundle of src/NAME.ts. */
export async function bundled(name: string): Promise<string> {
  const outfile = at(`.cache/${name}.mjs`)
  await build({
    entryPoints: [at(`src/${name}.ts`)],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
  })
  return outfile
}
