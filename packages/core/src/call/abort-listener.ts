// Abort listeners: calls that share a signal share one listener on it. Node warns of a leak from the eleventh listener on.

const listening = new WeakMap<AbortSignal, { callbacks: Set<() => void>; listener: () => void }>()

/**
 * Calls back when the signal aborts. The returned function stops listening; once all have stopped, nothing is left on the
 * signal. The callback must not throw.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let entry = listening.get(signal)
  if (entry === undefined) {
    const callbacks = new Set<() => void>()
    const listener = () => {
      for (const each of callbacks) each()
    }
    entry = { callbacks, listener }
    signal.addEventListener('abort', listener)
    listening.set(signal, entry)
  }
  const { callbacks, listener } = entry
  callbacks.add(callback)
  return () => {
    if (!callbacks.delete(callback) || callbacks.size > 0) return
    signal.removeEventListener('abort', listener)
    listening.delete(signal)
  }
}
