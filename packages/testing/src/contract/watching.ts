// What a provider may leave behind: listeners, timers, sockets, processes.

/** How many listeners a signal has that were added from now on. */
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

/** Sockets, pipes, processes and timers this process holds. */
export function resources(): number {
  return process.getActiveResourcesInfo().filter((kind) => /Timeout|TCP|Pipe|Process|Server/.test(kind))
    .length
}

/** Resolves when it holds; the test's own limit is the only one. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}
