// How much more work four times as much is, by the processor's time of this process: what else runs does not count.

/** The least processor time of several runs, in milliseconds. */
function costOf(work: () => unknown): number {
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < 4; run++) {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / 1000)
  }
  return least
}

/**
 * Cost of `4 n` over cost of `n`: about 4 where it grows with the length, 16 where it grows with its square. `n` is
 * doubled until it costs enough to be measured.
 */
export function growth(make: (n: number) => () => unknown, n: number): number {
  for (let size = n; ; size *= 2) {
    const cost = costOf(make(size))
    if (cost >= 4 || size > n * 64) return costOf(make(size * 4)) / Math.max(cost, 1)
  }
}
