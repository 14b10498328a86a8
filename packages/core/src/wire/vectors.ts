// A vector as services send it.
import { fromBase64 } from './platform.js'

/**
 * Numbers, or their 32-bit forms as base64: servers give either, whatever one asks for. What is no number becomes NaN, and
 * what is no vector an empty one: whoever asked for it is told that the answer is bad.
 */
export function toVector(embedding: unknown): Float32Array {
  if (Array.isArray(embedding))
    return Float32Array.from(embedding, (value) => (typeof value === 'number' ? value : Number.NaN))
  if (typeof embedding !== 'string') return new Float32Array()
  try {
    return new Float32Array(fromBase64(embedding).buffer)
  } catch {
    return new Float32Array()
  }
}
