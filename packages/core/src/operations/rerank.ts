// Reranking: checks the request and the scores. Loaded with the first call.

import { validCounts } from '../call/response.js'
import type { Backend } from '../contract/backend.js'
import { invalid, LlmError } from '../contract/errors.js'
import type { RerankRequest, RerankResponse } from '../contract/operations.js'
import { isObject } from '../object.js'
import { checkOptionNames } from '../request/option-names.js'
import { optionNames } from '../request/request-names.js'
import type { Attempt } from './attempt.js'

/**
 * The attempts of one `rerank` call.
 * @throws {LlmError} `invalid-request` with the path of what is wrong
 */
export function rerankAttempt(
  backend: Backend & Required<Pick<Backend, 'rerank'>>,
  request: RerankRequest,
): Attempt<RerankResponse> {
  if (!isObject(request)) throw invalid('request', 'must be an object with query and documents')
  checkOptionNames(request, optionNames.rerankRequest, 'of rerank()')
  const { query, documents, providerOptions } = request
  if (typeof query !== 'string' || query === '') throw invalid('query', 'must be a string that is not empty')
  if (!Array.isArray(documents)) throw invalid('documents', 'must be a list of strings')
  for (const [index, document] of documents.entries())
    if (typeof document !== 'string' || document === '')
      throw invalid(`documents[${index}]`, 'must be a string that is not empty')
  const own = providerOptions?.[backend.provider] ?? {}
  return async (context) => {
    const response = await backend.rerank({ query, documents, providerOptions: own }, context)
    const { scores } = response
    if (scores.length !== documents.length || !scores.every(Number.isFinite))
      throw new LlmError(
        'bad-response',
        `The service gave ${scores.filter(Number.isFinite).length} scores for ${documents.length} documents. Try again, or use another model.`,
      )
    return { ...response, usage: validCounts(response.usage), provider: backend.provider }
  }
}
