// Memory does not grow with the number of calls: every policy, loop, bridge, batch and store, in a process of its own with forced
// garbage collection. PATCHBAY_SOAK=2000 calls each of them so often instead of 100 times (and four times more).
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { beforeAll, describe, expect, it } from 'vitest'
import { buildProgram } from '../../../packages/mcp/test/serve.js'
import { scenarios } from './scenarios.js'

const calls = process.env.PATCHBAY_SOAK ?? '100'
/** Bytes a call: less is the engine's own coming and going. One small object a call is more. */
const most = 50
// What the engine compiles comes and goes, and would be measured too.
const engine = ['--no-opt', '--no-sparkplug', '--no-flush-bytecode', '--expose-gc', '--no-warnings']

const ours: Plugin = {
  name: 'our packages alone',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^[^./]/ }, ({ path }) =>
      path.startsWith('@patchbay/') ? undefined : { path, external: true },
    ),
}

interface Line {
  name: string
  slope?: number
  problem?: string
}
const lines = new Map<string, Line>()

beforeAll(async () => {
  const outfile = fileURLToPath(new URL('../../.cache/soak.mjs', import.meta.url))
  await build({
    entryPoints: [fileURLToPath(new URL('./main.ts', import.meta.url))],
    outfile,
    bundle: true,
    conditions: ['@patchbay/source'],
    format: 'esm',
    platform: 'node',
    plugins: [ours],
    logLevel: 'error',
  })
  const child = spawn(process.execPath, [...engine, outfile, '--calls', calls], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PATCHBAY_SOAK_MCP: await buildProgram('stdio') },
  })
  for await (const line of createInterface(child.stdout)) {
    const figures = JSON.parse(line) as Line
    lines.set(figures.name, figures)
  }
}, 3_600_000)

describe('memory stays the same', () => {
  it.each(Object.keys(scenarios))('%s', (name) => {
    const { problem, slope } = lines.get(name) ?? { problem: 'It was not run.' }
    expect(problem).toBeUndefined()
    expect(slope).toBeLessThan(most)
  })
})
