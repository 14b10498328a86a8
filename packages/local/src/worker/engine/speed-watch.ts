// Speed watch: notices when decoding has become far slower than calibration measured, since another program has taken a core or a
// container's limit has changed: then the threads of the engine wait for each other.
import type { ChatResult } from '../../supervisor/protocol.js'

/** Answers of fewer tokens say little about speed, and so do long contexts, whose steps take longer. */
const leastOutput = 16
const mostTokens = 1024
/** So many times the measured time, and so many milliseconds more, is a collapse: grammars and sampling cost some as well. */
const factor = 4
const leastExtraMs = 20
/** Slow answers in a row: one is a moment. */
const inARow = 3

export class SpeedWatch {
  #slow = 0

  /** @param stepMs time of a decoding step as it was measured */
  constructor(private readonly stepMs: number) {}

  /** An answer that had the engine for itself. True when the speed has collapsed; then the watch begins anew. */
  hasCollapsed({ outputTokens, inputTokens, decodeMs }: ChatResult): boolean {
    if (outputTokens < leastOutput || inputTokens + outputTokens > mostTokens) return false
    const ms = decodeMs / outputTokens
    const isSlow = ms > this.stepMs * factor && ms > this.stepMs + leastExtraMs
    this.#slow = isSlow ? this.#slow + 1 : 0
    if (this.#slow < inARow) return false
    this.#slow = 0
    return true
  }
}
