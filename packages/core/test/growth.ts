// How much longer a piece of work takes when its input is four times as long: about 4 in a straight line, 16 for a square.
const length = 2_000

/** The best of some runs, so that what else the machine does counts little. */
export function growth(work: (length: number) => unknown): number {
  work(length)
  return (
    fastest(() => work(4 * length)) /
    Math.max(
      fastest(() => work(length)),
      0.05,
    )
  )
}

function fastest(work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY
  for (let run = 0; run < 5; run++) {
    const start = performance.now()
    work()
    best = Math.min(best, performance.now() - start)
  }
  return best
}
