// The operations other than chat: each is checked and prepared once, then sent to the backend, with retries. Loaded on first
// use.

import type { CallEnvironment } from '../call/chat-call.js'
import type { Backend } from '../contract/backend.js'
import type { BatchResult, BatchStatus } from '../contract/batches.js'
import type { CallOptions } from '../contract/call-options.js'
import type { ModelInfo } from '../contract/capabilities.js'
import { LlmError } from '../contract/errors.js'
import type {
  EmbedRequest,
  EmbedResponse,
  ImageRequest,
  ImageResponse,
  RerankRequest,
  RerankResponse,
  SpeakRequest,
  SpeechEvent,
  TranscribeRequest,
  TranscribeResponse,
} from '../contract/operations.js'
import type { ChatInput } from '../contract/request.js'
import { readCallerValue } from '../request/caller-objects.js'
import { prepare } from '../request/prepare.js'
import type { Attempt } from './attempt.js'
import { results as batchResults, checkBatchId, submit } from './batches.js'
import { embedAttempt } from './embed.js'
import { imageAttempt } from './image.js'
import { rerankAttempt } from './rerank.js'
import { speechEvents } from './speak.js'
import { transcribeAttempt } from './transcribe.js'

/** The results of a batch. */
export function results(
  environment: CallEnvironment,
  id: string,
  options: CallOptions,
): AsyncGenerator<BatchResult> {
  return batchResults(requireOperation(environment.backend, 'batch'), id, environment, options)
}

/**
 * The events of one `speak`. Aborting `leaving` ends the call; its reason is the error.
 * @throws {LlmError} for every failure
 */
export function speech(
  environment: CallEnvironment,
  request: string | SpeakRequest,
  options: CallOptions,
  leaving: AbortSignal,
): AsyncGenerator<SpeechEvent, void> {
  return speechEvents(requireOperation(environment.backend, 'speak'), request, environment, options, leaving)
}

/** The input and result of each operation. */
export interface Operations {
  embed: [input: string | string[] | EmbedRequest, response: EmbedResponse]
  rerank: [request: RerankRequest, response: RerankResponse]
  transcribe: [request: TranscribeRequest, response: TranscribeResponse]
  image: [request: string | ImageRequest, response: ImageResponse]
  countTokens: [request: ChatInput, tokens: number]
  models: [input: undefined, models: ModelInfo[]]
  submit: [requests: readonly ChatInput[], id: string]
  status: [id: string, status: BatchStatus]
  cancel: [id: string, done: undefined]
}

const operations: {
  [Name in keyof Operations]: (
    environment: CallEnvironment,
    input: Operations[Name][0],
  ) => Attempt<Operations[Name][1]> | Promise<Attempt<Operations[Name][1]>>
} = {
  embed: ({ backend }, input) => embedAttempt(requireOperation(backend, 'embed'), input),
  rerank: ({ backend }, request) => rerankAttempt(requireOperation(backend, 'rerank'), request),
  transcribe: ({ backend }, request) => transcribeAttempt(requireOperation(backend, 'transcribe'), request),
  image: (environment, request) =>
    imageAttempt(requireOperation(environment.backend, 'image'), request, environment),
  async countTokens({ backend, defaults }, request) {
    const counting = requireOperation(backend, 'countTokens')
    const { chat } = await prepare(request, defaults, backend.provider)
    return (context) => counting.countTokens(chat, context)
  },
  models:
    ({ backend }) =>
    async (context) =>
      (await backend.models?.(context)) ?? [{ id: backend.model }],
  submit: (environment, requests) =>
    submit(requireOperation(environment.backend, 'batch'), requests, environment),
  status({ backend }, id) {
    const { batch } = requireOperation(backend, 'batch')
    checkBatchId(id)
    return (context) => batch.status(id, context)
  },
  cancel({ backend }, id) {
    const { batch } = requireOperation(backend, 'batch')
    checkBatchId(id)
    return async (context) => void (await batch.cancel(id, context))
  },
}

/**
 * Checks the input of an operation and returns the function that runs an attempt.
 * @throws {LlmError} `invalid-request`; `unsupported` if the backend lacks the operation
 */
export async function attemptOf<Name extends keyof Operations>(
  environment: CallEnvironment,
  name: Name,
  input: Operations[Name][0],
): Promise<Attempt<Operations[Name][1]>> {
  return readCallerValue('The request', () => operations[name](environment, input))
}

/** Options of `submit`. The service may have accepted a batch that failed, so it is only retried if this call asks for it. */
export async function submitOptions(options: CallOptions = {}): Promise<CallOptions> {
  return readCallerValue('The options', () => ({ ...options, retry: options.retry ?? false }))
}

/** What operations make, where their names are verbs. */
const products: Partial<Record<keyof Backend, string>> = {
  image: 'images as output',
  speak: 'speech as output',
}

/**
 * The backend, if it has this operation.
 * @throws {LlmError} `unsupported` otherwise
 */
function requireOperation<Name extends keyof Backend>(
  backend: Backend,
  name: Name,
): Backend & Required<Pick<Backend, Name>> {
  if (backend[name] === undefined)
    throw new LlmError(
      'unsupported',
      `The ${backend.provider} backend has no ${products[name] ?? name}. Use a provider that has.`,
      { provider: backend.provider, model: backend.model },
    )
  return backend as Backend & Required<Pick<Backend, Name>>
}
