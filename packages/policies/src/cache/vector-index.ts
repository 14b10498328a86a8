// Exact nearest-neighbour search over vectors by cosine similarity, which stops early on vectors that are far away.

/** A vector of length 1, with the length of its remainder at each block. */
interface Unit {
  numbers: Float32Array
  /** Length of the remainder from the start of each block. */
  tails: Float32Array
}

const block = 32

/** A neighbour and its cosine similarity. */
export interface Neighbour {
  id: number
  similarity: number
}

// Tolerance for rounding of 32-bit sums.
const rounding = 1e-6

/** Is their cosine similarity at least `threshold`? */
export function isNear(known: Float32Array, wanted: Float32Array, threshold: number): boolean {
  return similarityOf(normalize(known), normalize(wanted), threshold - rounding) !== undefined
}

export class VectorIndex {
  readonly #entries = new Map<number, Unit>()

  get size(): number {
    return this.#entries.size
  }

  set(id: number, vector: Float32Array): void {
    this.#entries.set(id, normalize(vector))
  }

  delete(id: number): void {
    this.#entries.delete(id)
  }

  clear(): void {
    this.#entries.clear()
  }

  /** The most similar vector, if its similarity is at least `threshold`. */
  nearest(vector: Float32Array, threshold: number): Neighbour | undefined {
    const wanted = normalize(vector)
    let best: Neighbour | undefined
    let least = threshold - rounding
    for (const [id, known] of this.#entries) {
      const similarity = similarityOf(known, wanted, least)
      if (similarity === undefined) continue
      best = { id, similarity }
      least = similarity
    }
    return best
  }
}

/**
 * Cosine similarity, or `undefined` as soon as it is known to be at most `least`: the remainders add at most the product of
 * their lengths (Cauchy-Schwarz). For unrelated vectors this reads about `2 (1 - least)` of the numbers.
 */
function similarityOf(a: Unit, b: Unit, least: number): number | undefined {
  const { length } = a.numbers
  if (length !== b.numbers.length) return undefined
  let sum = 0
  for (let from = 0, at = 0; from < length; from += block, at++) {
    if (sum + (a.tails[at] ?? 0) * (b.tails[at] ?? 0) <= least) return undefined
    const to = Math.min(from + block, length)
    for (let index = from; index < to; index++) sum += (a.numbers[index] ?? 0) * (b.numbers[index] ?? 0)
  }
  return sum > least ? sum : undefined
}

function normalize(vector: Float32Array): Unit {
  let square = 0
  for (const number of vector) square += number * number
  const length = Math.sqrt(square) || 1
  const numbers = vector.map((number) => number / length)
  const tails = new Float32Array(Math.ceil(vector.length / block))
  let rest = 0
  for (let index = vector.length - 1; index >= 0; index--) {
    rest += (numbers[index] ?? 0) ** 2
    // Slightly too large, to make up for rounding.
    if (index % block === 0) tails[index / block] = Math.sqrt(rest) * (1 + 1e-6)
  }
  return { numbers, tails }
}
