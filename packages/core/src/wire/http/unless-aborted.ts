// Waits for work that cannot be told to stop, such as that of a vendor's client: nobody waits for it after an abort.

/** The result of the work. Rejects with the signal's reason once that is aborted; what the work gives then is ignored. */
export function unlessAborted<Value>(signal: AbortSignal, work: () => Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort))
  })
}
