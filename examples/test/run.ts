// Runs programs and commands as a user would: from the built packages, in a process of their own.
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'

const run = promisify(execFile)
export const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** The standard output of a TypeScript program, with these in its environment. */
export async function runProgram(
  file: string,
  env: Record<string, string> = {},
  cwd = at('.'),
  format: 'esm' | 'cjs' = 'esm',
): Promise<string> {
  const name = file.replace(/[^\w]+/g, '-')
  const outfile = at(`.cache/programs/${name}.${format === 'esm' ? 'mjs' : 'cjs'}`)
  await build({
    entryPoints: [file],
    outfile,
    bundle: true,
    packages: 'external',
    format,
    platform: 'node',
    target: 'node20',
  })
  return (await run(process.execPath, [outfile], { cwd, env: { ...process.env, ...env } })).stdout
}

/** The standard output of a line of shell in which `patchbay` is the command of this checkout. */
export async function runShell(line: string, cwd: string): Promise<string> {
  mkdirSync(at('.cache/bin'), { recursive: true })
  writeFileSync(
    at('.cache/bin/patchbay'),
    `#!/bin/sh\nexec "${process.execPath}" "${at('../apps/cli/dist/index.js')}" "$@"\n`,
    { mode: 0o755 },
  )
  const options = { cwd, env: { ...process.env, PATH: `${at('.cache/bin')}:${process.env.PATH}` } }
  // Commands read standard input when there is some; here there is none.
  return (await run('/bin/sh', ['-c', `exec </dev/null; ${line}`], options)).stdout
}
