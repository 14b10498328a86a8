// Counts listeners of a signal, and timers, sockets and processes of this process.

/** Starts to count the listeners of a signal; the returned function gives the number of those that are still there. */
export function countListeners(signal: AbortSignal): () => number {
  const listeners = new Set<unknown>()
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...rest: Parameters<AbortSignal['addEventListener']>) => {
    listeners.add(rest[1])
    addEventListener.apply(signal, rest)
  }
  signal.removeEventListener = (...rest: Parameters<AbortSignal['removeEventListener']>) => {
    listeners.delete(rest[1])
    removeEventListener.apply(signal, rest)
  }
  return () => listeners.size
}

/** The number of sockets, pipes, child processes and timers that this process holds. */
export function resources(): number {
  return process.getActiveResourcesInfo().filter((kind) => /Timeout|TCP|Pipe|Process|Server/.test(kind))
    .length
}

/** Waits until no more than these are held, for 20 seconds at most. While the resources are counted, it has no timer of its own. */
export async function waitForRelease(most: number): Promise<void> {
  for (const since = performance.now(); resources() > most && performance.now() - since < 20_000; ) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    await new Promise((resolve) => setImmediate(resolve))
  }
}
