// Memory arbiter: divides one memory budget among the models of an app. The least recently used model makes room.

/** A model that holds memory, or wants it. */
export interface MemoryHolder {
  /** When it last had work, in milliseconds of `performance.now()`. */
  readonly lastUsedAt: number
  /** When its process started, or finished loading, by the same clock. */
  readonly activeSince: number
  /** It has work. */
  readonly busy: boolean
  /**
   * Takes no new jobs, and frees its memory when its running jobs are done.
   * @returns `false` if it cannot be unloaded now, as while it loads
   */
  unload(): boolean
}

/** How long a busy model may keep its memory while another one waits for it, in milliseconds: loading has a price. */
const turnMs = 10_000

const holders = new Map<MemoryHolder, number>()
/** The last request in the queue; the next one waits for its end. */
let lastRequest: Promise<unknown> = Promise.resolve()
const listeners = new Set<() => void>()

/** Lets waiting requests look again: a holder has become idle, or a request is no longer wanted. */
export function holdersChanged(): void {
  for (const listener of [...listeners]) listener()
}

/** Frees the memory of a model. */
export function releaseMemory(holder: MemoryHolder): void {
  if (holders.delete(holder)) holdersChanged()
}

/** Bytes of all models that are loaded, or being loaded. */
export function bytesInUse(): number {
  return [...holders.values()].reduce((sum, bytes) => sum + bytes, 0)
}

/**
 * Waits until `bytes` fit into the budget beside what the other models hold. Requests are served in their order.
 * @param wanted checked at each change; a request that is no longer wanted leaves the queue
 * @returns `false` for a request that was no longer wanted
 */
export function requestMemory(
  holder: MemoryHolder,
  bytes: number,
  budget: number,
  wanted: () => boolean,
): Promise<boolean> {
  const granted = lastRequest.then(() => waitForMemory(holder, bytes, budget, wanted))
  lastRequest = granted
  return granted
}

async function waitForMemory(
  holder: MemoryHolder,
  bytes: number,
  budget: number,
  wanted: () => boolean,
): Promise<boolean> {
  while (wanted()) {
    if (bytesInUse() + bytes <= budget) {
      holders.set(holder, bytes)
      return true
    }
    const now = performance.now()
    const others = [...holders.keys()].sort(
      (a, b) => Number(a.busy) - Number(b.busy) || a.lastUsedAt - b.lastUsedAt,
    )
    const hadItsTurn = (other: MemoryHolder) => !other.busy || now - other.activeSince >= turnMs
    const unloading = others.some((other) => hadItsTurn(other) && other.unload())
    await nextChange(unloading ? [] : others)
  }
  return false
}

/** Resolves when a holder has changed, or one of `others` has had its turn. */
function nextChange(others: MemoryHolder[]): Promise<void> {
  return new Promise((resolve) => {
    const waits = others
      .map(({ activeSince }) => activeSince + turnMs - performance.now())
      .filter((ms) => ms > 0)
    const timer = waits.length > 0 ? setTimeout(holdersChanged, Math.min(...waits)) : undefined
    const listener = (): void => {
      clearTimeout(timer)
      listeners.delete(listener)
      resolve()
    }
    listeners.add(listener)
  })
}
