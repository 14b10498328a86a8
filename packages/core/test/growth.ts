// How much longer something takes when what it works on is four times as long.

/**
 * The least of several looks at the ratio: what else the machine does makes single times longer, never shorter. Work that
 * grows in step with its input gives about 4; the square of it gives 16, however often one looks.
 */
export async function growth(work: (n: number) => unknown, n = 1_000): Promise<number> {
  const time = async (size: number) => {
    let least = Number.POSITIVE_INFINITY
    for (let go = 0; go < 3; go++) {
      // Of the processor: others may hold it meanwhile.
      const started = process.cpuUsage()
      await work(size)
      const { user, system } = process.cpuUsage(started)
      least = Math.min(least, (user + system) / 1000)
    }
    return least
  }
  let least = Number.POSITIVE_INFINITY
  // What takes next to no time cannot be compared.
  for (let look = 0; look < 8 && least > 8; look++) {
    const short = await time(n)
    least = Math.min(least, (await time(4 * n)) / Math.max(short, 1))
  }
  return least
}
