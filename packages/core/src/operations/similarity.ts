// Cosine similarity.
import { LlmError } from '../contract/errors.js'

/**
 * The cosine of the angle between two vectors, -1 to 1; 0 if one of them is all zeros.
 * @throws {LlmError} `invalid-request` for vectors of different lengths
 * @example
 * const [question, answer] = (await llm.embed(['a cat', 'a kitten'])).vectors
 * if (question && answer) console.log(cosineSimilarity(question, answer))
 */
export function cosineSimilarity(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length)
    throw new LlmError('invalid-request', 'Vectors of different lengths cannot be compared.')
  let dot = 0
  let aa = 0
  let bb = 0
  for (let at = 0; at < a.length; at++) {
    const x = a[at] as number
    const y = b[at] as number
    dot += x * y
    aa += x * x
    bb += y * y
  }
  return aa && bb && dot / Math.sqrt(aa * bb)
}
