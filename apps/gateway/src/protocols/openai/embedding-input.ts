// The input of POST /v1/embeddings: texts, or tokens, which only a service of the same protocol can read.
import type { EmbedRequest } from '@patchbay/core'
import { requestError } from '../../answer/http-status.js'
import { requireTexts } from '../../body/body.js'

// As many as OpenAI takes. Source: platform.openai.com/docs/api-reference/embeddings/create, November 2026.
const maxTexts = 2048
/** More are several requests of the provider, which tokens cannot be divided among. */
const maxTokens = 200_000

/**
 * The request for an input, to this provider. Tokens go through as they are, beside texts that only stand for their number.
 * @throws {LlmError} `invalid-request` for tokens of another provider, and for what is neither texts nor tokens
 */
export function toEmbedInput(
  input: unknown,
  provider: string,
): Pick<EmbedRequest, 'input' | 'providerOptions'> {
  const lists = tokenLists(input)
  if (lists === undefined) return { input: requireTexts(input, maxTexts) }
  if (provider !== 'openai')
    throw requestError(
      "input: lists of tokens need the model's own tokenizer, which only OpenAI and compatible servers share with their clients. Send texts (LangChain: checkEmbeddingCtxLength off).",
    )
  const tokens = lists.reduce((sum, { length }) => sum + length, 0)
  if (lists.length > maxTexts || tokens > maxTokens)
    throw requestError(`input: must have at most ${maxTexts} lists, and ${maxTokens} tokens.`)
  return {
    input: lists.map(({ length }) => 'x'.repeat(length)),
    providerOptions: { openai: { input: lists } },
  }
}

/** The lists of tokens of an input: a single one is a list of numbers. */
function tokenLists(input: unknown): number[][] | undefined {
  if (!Array.isArray(input) || input.length === 0) return undefined
  const lists = typeof input[0] === 'number' ? [input] : input
  const isTokens = (list: unknown) =>
    Array.isArray(list) && list.length > 0 && list.every((token) => Number.isInteger(token) && token >= 0)
  return lists.every(isTokens) ? lists : undefined
}
