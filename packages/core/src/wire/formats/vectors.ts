// Decodes embedding vectors.
import { fromBase64 } from '../http/platform.js'

/**
 * A list of numbers, or 32-bit floats as base64: servers send either, whatever is requested. Anything else in a list becomes
 * NaN, and any other value an empty vector; the caller then reports a bad response.
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
