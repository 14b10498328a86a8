// How much longer a piece of work takes when its input is four times as long: about 4 in a straight line, 16 for a square.
const length = 2_000

/** The best of some runs, so that what else the machine does counts little; below some milliseconds nothing can be told. */
export function growth(work: (length: number) => unknown): number {
  let [short, long] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let run = 0; run < 4; run++) {
    short = Math.min(
      short,
      timed(() => work(length)),
    )
    long = Math.min(
      long,
      timed(() => work(4 * length)),
    )
  }
  return long / Math.max(short, 5)
}

function timed(work: () => unknown): number {
  // Of the processor: others may hold it meanwhile.
  const start = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}
