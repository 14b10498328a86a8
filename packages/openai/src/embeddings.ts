// The answer of POST /embeddings. Source: platform.openai.com/docs/api-reference/embeddings, November 2026.
import type { EmbedResponse } from '@patchbay/core'
import { fromBase64 } from '@patchbay/core/wire'
import { notAnAnswer } from './errors.js'

interface Body {
  data?: { index?: number; embedding: number[] | string }[]
  model?: string
  usage?: { prompt_tokens?: number }
}

/** @throws {LlmError} `bad-response` for another number of vectors than of texts */
export function toVectors(
  answer: unknown,
  count: number,
  asked: string,
  who: string,
): Omit<EmbedResponse, 'provider'> {
  const { data, model = asked, usage } = (answer ?? {}) as Body
  if (!Array.isArray(data) || data.length !== count) throw notAnAnswer(answer, who)
  const ordered = [...data].sort((a, b) => (a.index ?? 0) - (b.index ?? 0))
  const inputTokens = usage?.prompt_tokens
  return {
    vectors: ordered.map(({ embedding }) => toVector(embedding)),
    model,
    usage: inputTokens === undefined ? {} : { inputTokens },
  }
}

/** Numbers, or their bytes as base64: servers give either, whatever one asks for. */
function toVector(embedding: number[] | string): Float32Array {
  if (typeof embedding !== 'string') return Float32Array.from(embedding)
  return new Float32Array(fromBase64(embedding).buffer)
}
