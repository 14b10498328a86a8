// No process is left of a llama-server, whenever its app or worker is killed: while it starts, loads or answers, and at the
// very moment between its start and the next step of the worker.
import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../../../test/app.js'
import { temporaryFolder, waitUntil } from '../../../../test/fixtures.js'

const server = fileURLToPath(new URL('../../../../test/fake-llama-server.mjs', import.meta.url))

/** In the environment of every process that the test's apps start, and that these start. */
let mark = ''
beforeEach(() => {
  mark = randomUUID()
  vi.stubEnv('PATCHBAY_TEST_MARK', mark)
})
afterEach(() => vi.unstubAllEnvs())

/** The command lines of the processes with the mark, this one left out. */
function marked(): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return []
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8')
      return environment.includes(mark) ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8')] : []
    } catch {
      return []
    }
  })
}

const options = (more: object = {}) =>
  JSON.stringify({ engine: 'llama-server', server, gpu: false, threads: 1, cacheDir: false, ...more })

// Only Linux tells the environment of other processes.
describe.skipIf(!existsSync('/proc/self/environ'))('no process is left', () => {
  it('of a server whose worker is killed in the moment after it has been started', async () => {
    const log = join(temporaryFolder(), 'log')
    vi.stubEnv('PATCHBAY_TEST_LOG', log)
    const preload = join(temporaryFolder(), 'die.cjs')
    writeFileSync(
      preload,
      `const processes = require('node:child_process')
       const { spawn } = processes
       processes.spawn = (program, args, ...rest) => {
         const child = spawn(program, args, ...rest)
         if (args.includes('--slot-save-path')) {
           require('node:fs').writeFileSync(process.env.PATCHBAY_TEST_LOG, String(child.pid))
           process.kill(process.pid, 'SIGKILL')
         }
         return child
       }
       require('node:module').syncBuiltinESMExports()`,
    )
    vi.stubEnv('NODE_OPTIONS', `--require ${preload}`)
    const { process: child } = app(
      `await local(${options({ serverArgs: ['--fake', 'loads-for-ever'] })}).chat('talk')`,
    )
    await waitUntil(() => existsSync(log))
    child.kill('SIGKILL')
    await waitUntil(() => marked().length === 0)
    expect(Number(readFileSync(log, 'utf8'))).toBeGreaterThan(0)
  })

  it('of a program that lists its devices for ever', async () => {
    vi.stubEnv('PATCHBAY_FAKE_GPU', 'hangs')
    const { process: child } = app(`await local(${options({ gpu: 'auto' })}).chat('talk')`)
    await waitUntil(() => marked().some((line) => line.includes('--list-devices')))
    child.kill('SIGKILL')
    await waitUntil(() => marked().length === 0)
    expect(child.killed).toBe(true)
  })

  it('of an app that is killed at any moment of the start', { timeout: 240_000 }, async () => {
    // How long a start takes here and now, from the worker's first moment to the answer.
    const code = `const llm = local(${options()})
      tell('starts')
      for await (const text of llm.stream('talk').text) { tell('text'); break }
      await new Promise(() => setInterval(() => {}, 1000))`
    const first = app(code)
    await first.nextLine()
    const started = performance.now()
    await first.nextLine()
    const duration = performance.now() - started
    first.process.kill('SIGKILL')
    const kills = 24
    for (let kill = 0; kill < kills; kill++) {
      const { process: child, nextLine, exitCode } = app(code)
      await nextLine()
      await new Promise((resolve) => setTimeout(resolve, (duration * kill) / kills))
      child.kill('SIGKILL')
      expect(await exitCode()).toBe('SIGKILL')
    }
    await waitUntil(() => marked().length === 0)
  })
})
