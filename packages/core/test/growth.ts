// Measures how processor time grows with the length of the input.

/** The least processor time of several runs, in milliseconds: others may hold the processor meanwhile. */
async function costOf(work: (n: number) => unknown, n: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < 3; run++) {
    const before = process.cpuUsage()
    await work(n)
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / 1000)
  }
  return least
}

// Milliseconds; what takes less cannot be compared.
const measurable = 2
// How many times as long the second one is.
const longer = 8
// Milliseconds.
const patience = 10_000

/**
 * The exponent of the cost: about 1 for linear, 2 for quadratic work; tests ask for less than 1.7. Doubles `n` until a run
 * takes 2 ms, then compares `n` with `8 n`, and measures again for up to 10 s while the exponent is above 1.5: a busy machine
 * only makes runs longer. What takes next to nothing even at `64 n` counts as 1 ms.
 */
export async function growth(work: (n: number) => unknown, n = 1_000): Promise<number> {
  const end = performance.now() + patience
  let size = n
  let short = await costOf(work, size)
  while (short < measurable && size < n * 64) {
    size *= 2
    short = await costOf(work, size)
  }
  let long = Number.POSITIVE_INFINITY
  let power = Number.POSITIVE_INFINITY
  do {
    long = Math.min(long, await costOf(work, longer * size))
    // The first runs of new code are slow ones.
    short = Math.max(1, Math.min(short, await costOf(work, size)))
    power = Math.log(long / short) / Math.log(longer)
  } while (power > 1.5 && performance.now() < end)
  return power
}
