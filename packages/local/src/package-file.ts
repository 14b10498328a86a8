// Files of this package that are not imported but opened: found beside its code, or, where a bundler has moved the code
// elsewhere, in the installed package.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { LlmError } from '@patchbay/core'

const name = '@patchbay/local'

/**
 * The path of a file of this package, by its path in it.
 * @throws {LlmError} `config` where it is nowhere
 */
export function packageFile(file: string): string {
  for (const root of roots()) {
    const path = join(root, file)
    if (existsSync(path)) return path
  }
  throw new LlmError(
    'config',
    `${name} does not find its file ${file}: a bundler has moved its code away from it. Keep ${name} out of the bundle (esbuild: --external:${name}; webpack: externals; Next.js: serverExternalPackages), or install it beside the bundle.`,
    { provider: 'local' },
  )
}

/**
 * The worker's program: built, or where the tests put it when run from the sources.
 * @throws {LlmError} `config`
 */
export function workerFile(): string {
  return packageFile(import.meta.url?.endsWith('.ts') ? '.cache/dist/worker.js' : 'dist/worker.js')
}

function* roots(): Generator<string> {
  // Bundles in CommonJS know no address of their own.
  const here: string | undefined = import.meta.url
  if (here) yield fileURLToPath(new URL('..', here))
  const program = process.argv[1] && pathToFileURL(process.argv[1]).href
  for (const from of [here, program, pathToFileURL(join(process.cwd(), 'app.js')).href]) {
    const root = from && installed(from)
    if (root) yield root
  }
}

function installed(from: string): string | undefined {
  try {
    return dirname(createRequire(from).resolve(`${name}/package.json`))
  } catch {
    // Not there; the next place may have it.
    return undefined
  }
}
