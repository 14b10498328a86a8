// Embeddings: `batchEmbedContents`, and `predict` of Vertex AI. Sources: ai.google.dev/gemini-api/docs/embeddings and
// docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api, November 2026.
import { type EmbedResponse, LlmError, type PreparedEmbed } from '@patchbay/core'
import { fieldsOf, objectsIn, toVector, withPrefix } from '@patchbay/core/wire'

const tasks = { query: 'RETRIEVAL_QUERY', document: 'RETRIEVAL_DOCUMENT' } as const

/** The method and the body that embed these texts. */
export function toEmbed(
  resource: string,
  { input, inputType, dimensions, truncate, providerOptions }: PreparedEmbed,
  isVertex: boolean,
): { method: string; body: Record<string, unknown> } {
  // Models that are told the task by words before the text have no `taskType`.
  const texts = withPrefix(resource, input, inputType)
  const task = inputType === undefined || texts !== input ? undefined : tasks[inputType]
  if (isVertex)
    return {
      method: 'predict',
      body: {
        instances: texts.map((content) => ({ content, ...(task && { task_type: task }) })),
        parameters: {
          autoTruncate: truncate === true,
          ...(dimensions !== undefined && { outputDimensionality: dimensions }),
        },
        ...providerOptions,
      },
    }
  return {
    method: 'batchEmbedContents',
    body: {
      requests: texts.map((text) => ({
        model: resource,
        content: { parts: [{ text }] },
        ...(task && { taskType: task }),
        ...(dimensions !== undefined && { outputDimensionality: dimensions }),
        ...providerOptions,
      })),
    },
  }
}

/** @throws {LlmError} `bad-response` for another number of vectors than texts */
export function toVectors(
  answer: Record<string, unknown>,
  texts: number,
  model: string,
): Omit<EmbedResponse, 'provider'> {
  const predictions = objectsIn(answer.predictions).map(({ embeddings }) => fieldsOf(embeddings))
  const vectors =
    predictions.length > 0
      ? predictions
      : objectsIn(answer.embeddings ?? (answer.embedding && [answer.embedding]))
  if (vectors.length !== texts)
    throw new LlmError('bad-response', `Gemini gave ${vectors.length} vectors for ${texts} texts.`)
  const counts = predictions.map(({ statistics }) => fieldsOf(statistics).token_count)
  const { promptTokenCount } = fieldsOf(answer.usageMetadata)
  const inputTokens = counts.every((count) => typeof count === 'number')
    ? counts.reduce<number>((sum, count) => sum + Number(count), 0)
    : undefined
  const tokens =
    typeof promptTokenCount === 'number' ? promptTokenCount : predictions.length > 0 ? inputTokens : undefined
  return {
    vectors: vectors.map(({ values }) => toVector(values)),
    usage: { ...(tokens !== undefined && { inputTokens: tokens }) },
    model,
  }
}
