// Programs of this folder, built from the sources, that run in processes of their own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** A running program. */
export interface Program {
  process: ChildProcess
  nextLine(): Promise<string>
  /** Its exit code, or the signal that ended it. */
  ended: Promise<number | string>
}

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The engine for such programs, as `build-worker.ts` of the local backend has bundled it. */
export const engine = new URL('../../local/.cache/dist/local.mjs', import.meta.url).href

/** Bundles `test/<name>.ts` and runs it. */
export async function program(name: string, ...args: string[]): Promise<Program> {
  const outfile = at(`../.cache/${name}-${process.pid}.mjs`)
  await build({
    entryPoints: [at(`${name}.ts`)],
    outfile,
    bundle: true,
    conditions: ['@patchbay/source'],
    external: ['bullmq', 'ioredis', 'vitest'],
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
  })
  const child = spawn(process.execPath, [outfile, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit').then(([code, signal]) => (signal ?? code) as number | string)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    process: child,
    ended,
    nextLine: async () => {
      const { value, done } = await lines.next()
      if (done) throw new Error(`${name} ended without output`)
      return value
    },
  }
}
