// Runs every scenario n and 4 n times and prints, a line of JSON each, how much the heap has grown for a call in between.
// For `node --expose-gc`, without its compilers, whose code comes and goes: [--calls n] [--only part of a name].
import { parseArgs } from 'node:util'
import { scenarios } from './scenarios.js'

const { values } = parseArgs({
  options: { calls: { type: 'string', default: '200' }, only: { type: 'string' } },
})
const calls = Number(values.calls)
const collect = (globalThis as { gc?: () => void }).gc
if (collect === undefined) throw new Error('Run it with node --expose-gc.')

/** The heap once everything that can go has gone. */
async function heap(): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < 4; round++) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    collect?.()
    const { heapUsed, external, arrayBuffers } = process.memoryUsage()
    least = Math.min(least, heapUsed + external + arrayBuffers)
  }
  return least
}

/** Bytes a call. */
const fine = 50

// What grows, grows in most rounds; what is only made once, or collected late, is in one of them.
const rounds = 3

/** Is the median of all rounds known to be fine, or are all of them done? */
function isDecided(slopes: number[]): boolean {
  return slopes.length === rounds || slopes.filter((slope) => slope < fine).length > rounds / 2
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)] ?? Number.POSITIVE_INFINITY
}

for (const [name, make] of Object.entries(scenarios)) {
  if (values.only !== undefined && !name.includes(values.only)) continue
  const began = performance.now()
  try {
    const scenario = await make()
    const { signal } = new AbortController()
    let done = 0
    const run = async (count: number) => {
      for (const end = done + count; done < end; done++) await scenario.call(done, signal)
    }
    await run(calls)
    const slopes: number[] = []
    while (!isDecided(slopes)) {
      const before = await heap()
      await run(3 * calls)
      slopes.push(((await heap()) - before) / (3 * calls))
    }
    const slope = median(slopes)
    await scenario.close?.()
    process.stdout.write(
      `${JSON.stringify({ name, calls: done, slope: Math.round(slope), slopes: slopes.map(Math.round), ms: Math.round(performance.now() - began) })}\n`,
    )
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ name, problem: String(error) })}\n`)
  }
}
process.exit(0)
