// The operations other than chat: each is checked and prepared once, then sent to the backend, with retries. Loaded on first
// use.

import type { CallHome } from '../call/call.js'
import { LlmError } from '../contract/errors.js'
import type { Backend, BatchStatus, ModelInfo } from '../contract/provider.js'
import type { ChatInput, EmbedRequest, RerankRequest, TranscribeRequest } from '../contract/request.js'
import type { EmbedResponse, RerankResponse, TranscribeResponse } from '../contract/response.js'
import { reading } from '../request/caller-objects.js'
import { prepare } from '../request/prepare.js'
import type { Work } from './attempt.js'
import { results, submit } from './batches.js'
import { embedding } from './embed.js'
import { reranking } from './rerank.js'
import { transcribing } from './transcribe.js'

export { results }

/** The input and result of each operation. */
export interface Operations {
  embed: [input: string | string[] | EmbedRequest, response: EmbedResponse]
  rerank: [request: RerankRequest, response: RerankResponse]
  transcribe: [request: TranscribeRequest, response: TranscribeResponse]
  countTokens: [request: ChatInput, tokens: number]
  models: [input: undefined, models: ModelInfo[]]
  submit: [requests: readonly ChatInput[], id: string]
  status: [id: string, status: BatchStatus]
  cancel: [id: string, done: undefined]
}

const operations: {
  [Name in keyof Operations]: (
    home: CallHome,
    input: Operations[Name][0],
  ) => Work<Operations[Name][1]> | Promise<Work<Operations[Name][1]>>
} = {
  embed: ({ backend }, input) => embedding(able(backend, 'embed'), input),
  rerank: ({ backend }, request) => reranking(able(backend, 'rerank'), request),
  transcribe: ({ backend }, request) => transcribing(able(backend, 'transcribe'), request),
  async countTokens({ backend, defaults }, request) {
    const counting = able(backend, 'countTokens')
    const { chat } = await prepare(request, defaults, backend.provider)
    return (context) => counting.countTokens(chat, context)
  },
  models:
    ({ backend }) =>
    async (context) =>
      (await backend.models?.(context)) ?? [{ id: backend.model }],
  submit: (home, requests) => submit(able(home.backend, 'batch'), requests, home),
  status({ backend }, id) {
    const { batch } = able(backend, 'batch')
    return (context) => batch.status(id, context)
  },
  cancel({ backend }, id) {
    const { batch } = able(backend, 'batch')
    return async (context) => void (await batch.cancel(id, context))
  },
}

/**
 * Checks the input of an operation and returns the function that runs an attempt.
 * @throws {LlmError} `invalid-request`; `unsupported` if the backend lacks the operation
 */
export function workOf<Name extends keyof Operations>(
  home: CallHome,
  name: Name,
  input: Operations[Name][0],
): Promise<Work<Operations[Name][1]>> {
  return reading('The request', () => operations[name](home, input))
}

/** The backend, known to have this operation. @throws {LlmError} `unsupported` */
export function able<Name extends keyof Backend>(
  backend: Backend,
  name: Name,
): Backend & Required<Pick<Backend, Name>> {
  if (backend[name] === undefined)
    throw new LlmError(
      'unsupported',
      `The ${backend.provider} backend has no ${name}. Use a provider that has.`,
    )
  return backend as Backend & Required<Pick<Backend, Name>>
}
