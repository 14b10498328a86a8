// The answer of POST /embeddings. Source: platform.openai.com/docs/api-reference/embeddings, November 2026.
import type { EmbedResponse } from '@patchbay/core'
import { fieldsOf, objectsIn, toVector } from '@patchbay/core/wire'
import { notAnAnswer } from './errors.js'

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
  const places = entries.map(({ index }, place) => index ?? place)
  const vectors: Float32Array[] = []
  for (const [at, place] of places.entries())
    if (Number.isInteger(place)) vectors[place as number] = toVector(entries[at]?.embedding)
  const said = entries.filter(({ index }) => index !== undefined && index !== null).length
  const whole = new Set(places).size === count && entries.length === count && (said === 0 || said === count)
  if (!whole || vectors.length !== count || !places.every((place) => Number(place) in vectors))
    throw notAnAnswer(answer, who)
  const inputTokens = fieldsOf(usage).prompt_tokens
  return {
    vectors,
    model: typeof model === 'string' ? model : asked,
    usage: typeof inputTokens === 'number' ? { inputTokens } : {},
  }
}
