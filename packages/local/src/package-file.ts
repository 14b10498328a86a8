// Paths of this package's files: next to its code, or in the installed package if a bundler has moved the code.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { LlmError } from '@patchbay/core'

const name = '@patchbay/local'

/**
 * The absolute path of a file of this package.
 * @throws {LlmError} `config` if it is not found
 */
export function packageFile(file: string): string {
  for (const root of roots()) {
    const path = join(root, file)
    if (existsSync(path)) return path
  }
  throw new LlmError(
    'config',
    `${name} cannot find its file ${file}, because a bundler has moved its code. Keep ${name} out of the bundle (esbuild: --external:${name}; webpack: externals; Next.js: serverExternalPackages), or install it next to the bundle.`,
    { provider: 'local' },
  )
}

/**
 * The path of the worker's program; in tests of the sources, the one that they build.
 * @throws {LlmError} `config`
 */
export function workerFile(): string {
  return packageFile(import.meta.url?.endsWith('.ts') ? '.cache/dist/worker.js' : 'dist/worker.js')
}

function* roots(): Generator<string> {
  // Undefined in CommonJS bundles.
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
    // Not installed here; try the next folder.
    return undefined
  }
}
