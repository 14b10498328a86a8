// How the processor time of something grows with the length of what it works on.

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
const longer = 8
const patience = 10_000

/**
 * The power of its length that something costs: about 1 where it grows with the length, 2 where it grows with its square;
 * below 1.7 is a straight line with what memory costs on top. `n` is doubled until it costs enough to be measured; what costs next to nothing even at
 * 64 times `n` is taken as 1 ms. Looks again while the least of the costs say more: what else the machine does makes single
 * times longer, never shorter.
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
