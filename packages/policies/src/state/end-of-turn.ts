// The end of a turn of the event loop: what many calls ask for in one turn travels together.

/** Runs it after what is due in this turn of the event loop; in runtimes without turns, soon. */
export const atEndOfTurn: (run: () => void) => void =
  typeof setImmediate === 'undefined' ? queueMicrotask : (run) => void setImmediate(run)
