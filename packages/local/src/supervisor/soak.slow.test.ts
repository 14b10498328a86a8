// Soak test of both engines: processes killed at random, ten thousand requests; nothing is lost, doubled or left behind.
// Shortened unless PATCHBAY_SOAK is set.
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isLlmError } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { engines, running, testedEngine } from '../../test/engines.js'
import { alive, open, openRandom, waitUntil } from '../../test/fixtures.js'

const full = process.env.PATCHBAY_SOAK !== undefined
const capitals: [country: string, city: string][] = [
  ['France', 'Paris'],
  ['Spain', 'Madrid'],
  ['Italy', 'Rome'],
  ['Japan', 'Tokyo'],
  ['Peru', 'Lima'],
  ['Germany', 'Berlin'],
]

const size = full ? 'whole' : 'shortened; set PATCHBAY_SOAK=1 for the whole'

describe.each(engines)(`the worker with $name (${size} soak)`, ({ name, skipped }) => {
  const kills = full ? 100 : 12
  it.skipIf(skipped)(
    `killed ${kills} times under load, ends every call in a response or one typed error`,
    {
      timeout: kills * 10_000,
    },
    async () => {
      const engine = testedEngine(name)
      const provider = openRandom({}, { parallel: 3, queue: 1000, heartbeat: 600, ...engine.options })
      const signals = ['SIGKILL', 'SIGSEGV', 'SIGSTOP'] as const
      const pids = new Set<number>()
      const tally = { answered: 0, crashed: 0 }
      let killing = true
      let seed = 7
      const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647

      const callers = Array.from({ length: 8 }, async () => {
        while (killing) {
          const length = 1 + Math.floor(random() * 60)
          let ends = 0
          try {
            for await (const event of provider.stream({ messages: 'talk', maxOutputTokens: length })) {
              if (event.type !== 'finish') continue
              ends++
              expect(event.response.usage.outputTokens).toBe(length)
            }
            tally.answered++
          } catch (error) {
            expect(isLlmError(error, 'worker-crashed') ? 'worker-crashed' : error).toBe('worker-crashed')
            expect(ends).toBe(0)
            ends++
            tally.crashed++
          }
          expect(ends).toBe(1)
        }
      })
      for (let kill = 0; kill < kills; kill++) {
        // At any moment of its life: while it starts, loads, evaluates or generates.
        if (kill % 4 !== 3) await waitUntil(() => provider.stats().running > 0)
        else await waitUntil(() => provider.stats().pid !== undefined)
        for (let turns = Math.floor(random() * 40); turns > 0; turns--)
          await new Promise((resolve) => setImmediate(resolve))
        const { pid } = provider.stats()
        if (pid === undefined) continue
        pids.add(pid)
        const [server] = running(engine)
        // Every second time the server dies, if there is one.
        process.kill(kill % 2 === 0 ? (server ?? pid) : pid, signals[kill % 3])
        await waitUntil(() => provider.stats().pid !== pid)
      }
      killing = false
      await Promise.all(callers)
      expect(tally.answered).toBeGreaterThan(0)
      expect(tally.crashed).toBeGreaterThan(0)
      expect(provider.stats()).toMatchObject({ queued: 0, running: 0 })
      pids.add(provider.stats().pid ?? 0)
      await provider.close()
      pids.delete(0)
      await waitUntil(() => [...pids].every((pid) => !alive(pid)) && running(engine).length === 0)
      if (name === 'llama-server') expect(engine.servers().length).toBeGreaterThan(kills / 2)
    },
  )

  const requests = full ? 10_000 : 1500
  it.skipIf(skipped)(
    `answers ${requests} short requests of 64 callers, each its own, and memory stays flat`,
    {
      timeout: requests * 60,
    },
    async () => {
      const engine = testedEngine(name)
      const provider = open({ queue: 64, ...engine.options })
      let left = requests
      let answered = 0
      const memory: { app: number; worker: number }[] = []
      const measure = () => {
        const pids = [provider.stats().pid ?? 0, ...running(engine)]
        memory.push({ app: heap(), worker: pids.map(residentMegabytes).reduce((a, b) => a + b) })
      }
      await Promise.all(
        Array.from({ length: 64 }, async (_, caller) => {
          for (let turn = 0; left > 0; turn++) {
            left--
            const [country, city] = capitals[(caller + turn) % capitals.length] ?? ['', '']
            const { text } = await provider.chat(`What is the capital of ${country}?`)
            expect(text).toBe(`The capital of ${country} is ${city}.`)
            if (++answered % Math.floor(requests / 10) === 0) measure()
          }
        }),
      )
      expect(answered).toBe(requests)
      expect(provider.stats()).toMatchObject({ finished: requests, queued: 0, running: 0, restarts: 0 })
      // Memory varies from moment to moment: compare the highest early value with the lowest late one.
      for (const [what, most] of [['app', 10] as const, ['worker', 30] as const]) {
        const early = Math.max(...memory.slice(1, 5).map((measured) => measured[what]))
        const late = Math.min(...memory.slice(-3).map((measured) => measured[what]))
        expect(late - early, what).toBeLessThan(most)
      }
    },
  )
})

/** Heap in use after a garbage collection, in megabytes. */
function heap(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed / 1e6
}

/** Memory of a process in megabytes; 0 if the system does not say. */
function residentMegabytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1000
  } catch {
    return 0
  }
}
