// Small programs, built from the sources, that run in processes of their own.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** Bundles the program, whose imports are relative to this package's `src`, into `outfile`. */
export async function bundled(code: string, outfile: string): Promise<string> {
  await build({
    stdin: { contents: code, resolveDir: fileURLToPath(new URL('../src', import.meta.url)), loader: 'ts' },
    outfile,
    bundle: true,
    conditions: ['@patchbay/source'],
    external: ['@redis/client', '@opentelemetry/api'],
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
  })
  return outfile
}

/** Runs it to its end; gives what it printed. */
export function run(file: string, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...args])
    let printed = ''
    let problem = ''
    child.stdout.on('data', (chunk) => {
      printed += chunk
    })
    child.stderr.on('data', (chunk) => {
      problem += chunk
    })
    child.on('exit', (code) => (code === 0 ? resolve(printed) : reject(new Error(problem))))
  })
}
