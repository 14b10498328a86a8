// Prompt batching: how many tokens of a prompt go into one step of the engine. Small enough that an abort and other
// callers need not wait long, but never so small that the whole prompt takes much longer.

/** Aim for the time of one step with prompt slices, in milliseconds. */
const stepMs = { alone: 400, shared: 50 }

/**
 * The engine computes attention for blocks of this many tokens. For a small model with a long context, a slice of 63
 * tokens takes twenty times as long as one of 64 (llama.cpp's flash attention on a CPU, 2026).
 */
export const attentionBlock = 64

/** A step's fixed cost may be at most this share of the cost of its tokens. */
const mostOverhead = 0.5
/** Weight of earlier steps against the newest one. */
const decay = 0.85

interface Slice {
  /** Most tokens that were in progress at the same time, its own included: they share its steps. */
  tokens: number
}

/** Chooses the size of prompt slices, from the measured times of all generations of a context. */
export class SliceSizer {
  readonly #slices = new Set<Slice>()
  #tokensInProgress = 0
  // Weighted sums over the steps so far, for a linear regression of time over tokens.
  #sums = { count: 0, tokens: 0, ms: 0, squares: 0, products: 0 }

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** A slice starts. Call the returned function when it is done. */
  start(tokens: number): () => void {
    const started = this.now()
    this.#tokensInProgress += tokens
    const slice: Slice = { tokens: 0 }
    this.#slices.add(slice)
    for (const each of this.#slices) each.tokens = Math.max(each.tokens, this.#tokensInProgress)
    return () => {
      this.#slices.delete(slice)
      this.#tokensInProgress -= tokens
      this.#measure(slice.tokens, this.now() - started)
    }
  }

  /** Size of the next slice: a multiple of the attention block, at most `most`, where `prompts` share a step. */
  next(last: number, { prompts, shared, most }: { prompts: number; shared: boolean; most: number }): number {
    const cost = this.#cost()
    // Steps of one size do not show their fixed cost; a step of another size does.
    if (cost === undefined) return Math.min(most, last + attentionBlock)
    const { step, token } = cost
    const aim = shared ? stepMs.shared : stepMs.alone
    // Where the fixed cost is high, smaller slices make the whole prompt slower and the steps hardly shorter.
    const tokens = Math.max((aim - step) / token, step / (token * mostOverhead)) / prompts
    const blocks = Math.floor(Math.min(tokens, last * 2) / attentionBlock)
    return Math.min(most, Math.max(1, blocks) * attentionBlock)
  }

  #measure(tokens: number, ms: number): void {
    const sums = this.#sums
    this.#sums = {
      count: sums.count * decay + 1,
      tokens: sums.tokens * decay + tokens,
      ms: sums.ms * decay + ms,
      squares: sums.squares * decay + tokens * tokens,
      products: sums.products * decay + tokens * ms,
    }
  }

  /** Fixed cost of a step, and cost of each token in it, in milliseconds. */
  #cost(): { step: number; token: number } | undefined {
    const { count, tokens, ms, squares, products } = this.#sums
    const least = 1e-4
    const spread = count * squares - tokens * tokens
    if (spread <= tokens * tokens * 1e-6) return undefined
    const token = Math.max(least, (count * products - tokens * ms) / spread)
    const step = (ms - token * tokens) / count
    return step >= 0 ? { step, token } : { step: 0, token: Math.max(least, ms / tokens) }
  }
}
