// How much longer a piece of work takes when its input is four times as long: about 4 in a straight line, 16 for a square.
const length = 1_000

/** The best of some runs, so that what else the machine does counts little; below some milliseconds nothing can be told. */
export async function growth(work: (length: number) => unknown): Promise<number> {
  let [short, long] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let run = 0; run < 3; run++) {
    short = Math.min(short, await timed(() => work(length)))
    long = Math.min(long, await timed(() => work(4 * length)))
  }
  return long / Math.max(short, 5)
}

async function timed(work: () => unknown): Promise<number> {
  // Of the processor: others may hold it meanwhile.
  const start = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}
