// Waits for the signal that ends a command that runs until then.

/** Waits for one of these signals. A second one ends the process at once. */
export function signalled(signals: NodeJS.Signals[]): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      for (const signal of signals) process.off(signal, end)
      resolve()
    }
    for (const signal of signals) process.on(signal, end)
  })
}
