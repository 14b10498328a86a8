// The vectors of questions that were answered, searched for the nearest one: exactly, and reading little of those that
// are far.

/** A vector of length 1, with what is left of its length after each block of numbers. */
interface Unit {
  numbers: Float32Array
  /** The length of the rest from the start of each block on. */
  tails: Float32Array
}

const block = 32

/** What is near to a vector, and how near: cosine similarity. */
export interface Near {
  id: number
  similarity: number
}

// Sums of 32-bit numbers have rounding errors.
const rounding = 1e-6

/** Is their similarity at least so much? As an index with one of them finds it. */
export function isNear(known: Float32Array, wanted: Float32Array, threshold: number): boolean {
  return similarityOf(unitOf(known), unitOf(wanted), threshold - rounding) !== undefined
}

export class VectorIndex {
  readonly #entries = new Map<number, Unit>()

  get size(): number {
    return this.#entries.size
  }

  set(id: number, vector: Float32Array): void {
    this.#entries.set(id, unitOf(vector))
  }

  delete(id: number): void {
    this.#entries.delete(id)
  }

  clear(): void {
    this.#entries.clear()
  }

  /** The nearest of those that are at least so near. */
  nearest(vector: Float32Array, threshold: number): Near | undefined {
    const wanted = unitOf(vector)
    let best: Near | undefined
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
 * Their cosine similarity, or nothing as soon as it is known to be no more than `least`: what the rests can add is at most
 * the product of their lengths (Cauchy and Schwarz). Of vectors that have nothing to do with each other it reads about
 * `2 (1 - least)` of the numbers.
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

function unitOf(vector: Float32Array): Unit {
  let square = 0
  for (const number of vector) square += number * number
  const length = Math.sqrt(square) || 1
  const numbers = vector.map((number) => number / length)
  const tails = new Float32Array(Math.ceil(vector.length / block))
  let rest = 0
  for (let index = vector.length - 1; index >= 0; index--) {
    rest += (numbers[index] ?? 0) ** 2
    // A little more than it is, for what rounding takes away.
    if (index % block === 0) tails[index / block] = Math.sqrt(rest) * (1 + 1e-6)
  }
  return { numbers, tails }
}
