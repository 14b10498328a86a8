// Both engines, for tests that run with each: the second one if PATCHBAY_LLAMA_SERVER names a llama-server.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LocalOptions } from '../src/index.js'
import { alive, temporaryFolder } from './fixtures.js'

const program = process.env.PATCHBAY_LLAMA_SERVER

export interface TestedEngine {
  options: LocalOptions
  /** The process ids of all servers that have been started with these options. */
  servers(): number[]
}

/** The names of the engines, and why one is skipped. */
export const engines = [
  { name: 'node-llama-cpp', skipped: false },
  {
    name: program === undefined ? 'llama-server (skipped: set PATCHBAY_LLAMA_SERVER)' : 'llama-server',
    skipped: program === undefined,
  },
] as const

/** An engine for one test. Its servers are started by a script that notes their process ids. */
export function testedEngine(name: string): TestedEngine {
  if (name !== 'llama-server') return { options: {}, servers: () => [] }
  const folder = temporaryFolder()
  const [server, log] = [join(folder, 'llama-server'), join(folder, 'pids')]
  writeFileSync(server, `#!/bin/sh\necho $$ >> '${log}'\nexec '${program}' "$@"\n`, { mode: 0o755 })
  return {
    options: { engine: 'llama-server', server, gpu: false },
    servers: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').map(Number) : []),
  }
}

/** The servers that run now. */
export function running({ servers }: TestedEngine): number[] {
  return servers().filter(alive)
}
