// The answer of POST /embeddings. Source: platform.openai.com/docs/api-reference/embeddings, November 2026.
import type { EmbedResponse } from '@patchbay/core'
import { fieldsOf, objectsIn, toVector } from '@patchbay/core/wire'
import { notAnAnswer } from '../errors.js'

/** @throws {LlmError} `bad-response` for vectors that cannot be told to belong to these texts */
export function toVectors(
  answer: unknown,
  count: number,
  asked: string,
  who: string,
): Omit<EmbedResponse, 'provider'> {
  const { data, model, usage } = fieldsOf(answer)
  const entries = objectsIn(data)
  // Servers say which text each vector is of, or none of them does.
  const unsaid = entries.every(({ index }) => index === undefined || index === null)
  const places = entries.map(({ index }, place) =>
    unsaid ? place : Number.isInteger(index) ? Number(index) : -1,
  )
  const inRange = places.every((place) => place >= 0 && place < count)
  if (!Array.isArray(data) || data.length !== count || new Set(places).size !== count || !inRange)
    throw notAnAnswer(answer, who)
  const vectors = new Array<Float32Array>(count)
  for (const [at, place] of places.entries()) vectors[place] = toVector(entries[at]?.embedding)
  const inputTokens = fieldsOf(usage).prompt_tokens
  return {
    vectors,
    model: typeof model === 'string' ? model : asked,
    usage: typeof inputTokens === 'number' ? { inputTokens } : {},
  }
}
