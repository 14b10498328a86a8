// The answer of POST /embeddings. Source: platform.openai.com/docs/api-reference/embeddings, November 2026.
import { type CallContext, type EmbedResponse, LlmError, type PreparedEmbed } from '@patchbay/core'
import { fieldsOf, objectsIn, toVector, withPrefix } from '@patchbay/core/wire'
import type { Server } from '../client.js'
import { notAnAnswer } from '../errors.js'

/**
 * The vectors of an answer, in the order of their texts.
 * @param asked the requested model, for an answer that names none
 * @throws {LlmError} `bad-response` if the vectors cannot be matched to the texts
 */
export function toVectors(
  answer: unknown,
  count: number,
  asked: string,
  who: string,
): Omit<EmbedResponse, 'provider'> {
  const { data, model, usage } = fieldsOf(answer)
  const entries = objectsIn(data)
  // Servers send the index of all vectors or of none.
  const unindexed = entries.every(({ index }) => index === undefined || index === null)
  const places = entries.map(({ index }, place) =>
    unindexed ? place : Number.isInteger(index) ? Number(index) : -1,
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

// In characters: 2,048 vectors of 3,072 numbers take up to 140 million.
const maxBody = 256 * 1024 * 1024

/** One attempt for one batch. */
export async function embed(
  server: Server,
  model: string,
  { input, dimensions, inputType, truncate, providerOptions }: PreparedEmbed,
  context: CallContext,
): Promise<Omit<EmbedResponse, 'provider'>> {
  if (truncate)
    throw new LlmError(
      'unsupported',
      'This API does not shorten texts. Shorten them, and leave out truncate.',
    )
  const response = await server.send(context, 'post', '/embeddings', {
    model,
    input: withPrefix(model, input, inputType),
    encoding_format: 'float',
    ...(dimensions !== undefined && { dimensions }),
    ...providerOptions,
  })
  return toVectors(await server.jsonOf(response, maxBody), input.length, model, server.who)
}
