// How many tokens of a prompt go into one step of the engine: few enough that a cancel and the other callers need not
// wait for long, but never so few that the whole takes much longer.

/** How long a step with prompt slices may take, in milliseconds. */
const stepMs = { alone: 400, shared: 50 }

/**
 * The engine computes attention over this many tokens at once. A slice of 63 takes as long as hundreds of tokens: twenty
 * times as long as one of 64, for a small model with a long context (llama.cpp's flash attention on a CPU, 2026).
 */
export const tile = 64

/** What a step costs whatever is in it may be no more than this share of what its tokens cost. */
const overhead = 0.5
/** How much of what was learned stays with each new step. */
const memory = 0.85

interface Slice {
  /** The most tokens that were under way with it, its own included: they share its steps. */
  tokens: number
}

/** Learns what a step and a token cost, from all generations of a context together. */
export class Pace {
  readonly #slices = new Set<Slice>()
  #underWay = 0
  // Sums over the steps so far, of their number, tokens, times and products: a straight line through them.
  #sums = { count: 0, tokens: 0, ms: 0, squares: 0, products: 0 }

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** A slice is handed to the engine. To be called again when it is done. */
  begin(tokens: number): () => void {
    const started = this.now()
    this.#underWay += tokens
    const slice: Slice = { tokens: 0 }
    this.#slices.add(slice)
    for (const each of this.#slices) each.tokens = Math.max(each.tokens, this.#underWay)
    return () => {
      this.#slices.delete(slice)
      this.#underWay -= tokens
      this.#learn(slice.tokens, this.now() - started)
    }
  }

  /** The size of the next slice, a multiple of the tile, where `prompts` share a step. */
  size(last: number, { prompts, shared, most }: { prompts: number; shared: boolean; most: number }): number {
    const cost = this.#cost()
    // Steps of one size tell nothing of what a step costs in itself: another size does.
    if (cost === undefined) return Math.min(most, last + tile)
    const { step, token } = cost
    const aim = shared ? stepMs.shared : stepMs.alone
    // Where a step costs much in itself, smaller slices would make the whole longer, and shorter steps hardly shorter.
    const tokens = Math.max((aim - step) / token, step / (token * overhead)) / prompts
    const wanted = Math.max(tile, Math.floor(Math.min(tokens, last * 2) / tile) * tile)
    return Math.min(most, wanted)
  }

  #learn(tokens: number, ms: number): void {
    const { count, tokens: all, ms: time, squares, products } = this.#sums
    this.#sums = {
      count: count * memory + 1,
      tokens: all * memory + tokens,
      ms: time * memory + ms,
      squares: squares * memory + tokens * tokens,
      products: products * memory + tokens * ms,
    }
  }

  /** What a step costs in itself, and what each of its tokens adds, in milliseconds. */
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
