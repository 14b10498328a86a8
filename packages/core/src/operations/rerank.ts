// Documents told apart by how well they answer a query: the request is checked before the backend gets it. Loaded with
// the first call.
import { invalid, LlmError } from '../contract/errors.js'
import type { Backend } from '../contract/provider.js'
import type { RerankRequest } from '../contract/request.js'
import type { RerankResponse } from '../contract/response.js'
import { isObject } from '../object.js'
import type { Work } from './attempt.js'

/** @throws {LlmError} `invalid-request` with the path of what is wrong */
export function reranking(
  backend: Backend & Required<Pick<Backend, 'rerank'>>,
  request: RerankRequest,
): Work<RerankResponse> {
  if (!isObject(request)) throw invalid('request', 'must be an object with query and documents')
  const { query, documents, providerOptions } = request
  if (typeof query !== 'string' || query === '') throw invalid('query', 'must be a text that is not empty')
  if (!Array.isArray(documents)) throw invalid('documents', 'must be a list of texts')
  for (const [index, document] of documents.entries())
    if (typeof document !== 'string' || document === '')
      throw invalid(`documents[${index}]`, 'must be a text that is not empty')
  const own = providerOptions?.[backend.provider] ?? {}
  return async (context) => {
    const response = await backend.rerank({ query, documents, providerOptions: own }, context)
    const { scores } = response
    if (scores.length !== documents.length || !scores.every(Number.isFinite))
      throw new LlmError(
        'bad-response',
        `The service gave ${scores.filter(Number.isFinite).length} scores for ${documents.length} documents. Try again, or use another model.`,
      )
    return { ...response, provider: backend.provider }
  }
}
