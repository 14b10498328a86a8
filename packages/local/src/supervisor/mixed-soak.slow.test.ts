// Soak test of mixed traffic with both engines: aborts, timeouts, slow readers, embeddings, counts and kills at random. Every
// call ends once, in its answer or an expected error; each caller's order holds; nothing is left behind.
// 12 seconds for each; PATCHBAY_SOAK_MINUTES=60 for an hour.
import { isLlmError } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { engines, running, testedEngine } from '../../test/engines.js'
import { alive, open, waitUntil } from '../../test/fixtures.js'
import type { LocalProvider } from '../index.js'

const minutes = Number(process.env.PATCHBAY_SOAK_MINUTES ?? 0.2)
const cities = { France: 'Paris', Spain: 'Madrid', Italy: 'Rome', Japan: 'Tokyo', Peru: 'Lima' }
const pairs = Object.entries(cities)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe.each(engines)(`mixed traffic with $name (${minutes} minutes; PATCHBAY_SOAK_MINUTES sets more)`, ({
  name,
  skipped,
}) => {
  it.skipIf(skipped).each([1, 3])(
    'with %i sequences loses nothing and leaves nothing',
    {
      timeout: minutes * 60_000 * 3 + 60_000,
    },
    async (parallel) => {
      const before = handles()
      const engine = testedEngine(name)
      const first = open({ parallel, queue: 500, keepAlive: '300ms', ...engine.options })
      const shared = [first, ...Array.from({ length: 5 }, () => first.share())]
      let seed = 11 + parallel
      const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647
      const pick = (count: number) => Math.floor(random() * count)
      const tally: Record<string, number> = {}
      const pids = new Set<number>()
      const end = performance.now() + (minutes * 60_000) / 2
      const count = (what: string) => {
        tally[what] = (tally[what] ?? 0) + 1
      }

      /** The call ends in its answer, in a crash, or in an allowed error. */
      const settle = async (work: Promise<unknown>, allowed: string[]): Promise<void> => {
        try {
          await work
          count('answered')
        } catch (error) {
          if (!isLlmError(error)) throw error
          expect(['worker-crashed', ...allowed]).toContain(error.code)
          count(error.code)
        }
      }
      const ask = async (llm: LocalProvider, options = {}) => {
        const [country, city] = pairs[pick(pairs.length)] ?? ['', '']
        const { text, usage } = await llm.chat(`What is the capital of ${country}?`, options)
        expect(text).toBe(`The capital of ${country} is ${city}.`)
        expect(usage.outputTokens).toBeGreaterThan(3)
      }
      const acts: ((llm: LocalProvider) => Promise<void>)[] = [
        (llm) => settle(ask(llm), []),
        (llm) => settle(ask(llm, { timeout: 1 + pick(60) }), ['timeout']),
        (llm) => settle(ask(llm, { signal: AbortSignal.timeout(pick(80)) }), ['aborted']),
        // A reader that stops in the middle, and one that is slow.
        async (llm) => {
          const stream = llm.stream('Count to 12.')
          await settle(
            (async () => {
              for await (const _ of stream.text) if (random() < 0.3) return
            })(),
            [],
          )
          stream.abort()
        },
        (llm) =>
          settle(
            (async () => {
              let text = ''
              for await (const piece of llm.stream('Count to 12.').text) {
                text += piece
                await pause(pick(8))
              }
              expect(text).toMatch(/1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12/)
            })(),
            [],
          ),
        (llm) =>
          settle(
            llm.embed(['one', 'two']).then(({ vectors }) => expect(vectors).toHaveLength(2)),
            [],
          ),
        (llm) =>
          settle(
            llm.countTokens('hello').then((tokens) => expect(tokens).toBeGreaterThan(1)),
            [],
          ),
        // With one sequence, a caller's own calls end in the order in which they were made.
        async (llm) => {
          const order: number[] = []
          await Promise.all(
            [0, 1, 2].map((index) =>
              settle(
                ask(llm).then(() => order.push(index)),
                [],
              ),
            ),
          )
          if (parallel === 1) expect(order).toEqual([...order].sort())
        },
        async () => {
          await pause(pick(400))
        },
      ]
      const wanted = ['answered', 'timeout', 'aborted', 'worker-crashed', 'kills']
      // On a busy machine it takes longer until all of them have been seen.
      const goesOn = () => performance.now() < end || wanted.some((what) => !(what in tally))
      const callers = shared.map(async (llm) => {
        while (goesOn()) await acts[pick(acts.length)]?.(llm)
      })
      const killer = (async () => {
        while (goesOn()) {
          const known = tally.answered
          await pause(500 + pick(2500))
          // A busy machine starts a process more slowly than they are killed: most of the time, one gets to answer.
          if (pick(4) > 0) while (tally.answered === known && goesOn()) await pause(20)
          const { pid } = first.stats()
          if (pid === undefined) continue
          pids.add(pid)
          const victims = [pid, ...running(engine)]
          process.kill(victims[pick(victims.length)] as number, (['SIGKILL', 'SIGSEGV'] as const)[pick(2)])
          count('kills')
        }
      })()
      await Promise.all([...callers, killer])

      for (const what of wanted) expect(tally, what).toHaveProperty(what)
      await waitUntil(() => first.stats().running === 0)
      expect(first.stats()).toMatchObject({ queued: 0, running: 0, handles: shared.length })
      await settle(ask(first), [])
      pids.add(first.stats().pid ?? 0)
      await Promise.all(shared.map((llm) => llm.close()))
      pids.delete(0)
      await waitUntil(() => [...pids].every((pid) => !alive(pid)) && running(engine).length === 0)
      await waitUntil(() => handles() <= before)
    },
  )
})

/** Number of child processes and pipes of this process. */
function handles(): number {
  return process.getActiveResourcesInfo().filter((kind) => /^(ProcessWrap|PipeWrap)$/.test(kind)).length
}
