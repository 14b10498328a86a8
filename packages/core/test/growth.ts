// Measures how much longer work takes on an input four times as long.

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

// What takes less cannot be compared.
const measurable = 4

/**
 * Cost of `4 n` over cost of `n`: about 4 where it grows with the length, 16 where it grows with its square. `n` is doubled
 * until it costs enough to be measured; what costs next to nothing even at 64 times `n` is taken as 1 ms. Looks again while
 * the least of the costs say more than 8: what else the machine does makes single times longer, never shorter. What takes
 * seconds is looked at once.
 */
export async function growth(work: (n: number) => unknown, n = 1_000): Promise<number> {
  let size = n
  let short = await costOf(work, size)
  while (short < measurable && size < n * 64) {
    size *= 2
    short = await costOf(work, size)
  }
  let long = Number.POSITIVE_INFINITY
  for (let look = 0; look < 8 && long / short > 8 && (look === 0 || long < 200); look++) {
    long = Math.min(long, await costOf(work, 4 * size))
    // The first runs of new code are slow ones.
    short = Math.max(1, Math.min(short, await costOf(work, size)))
  }
  return long / short
}
