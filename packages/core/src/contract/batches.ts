// Batches: many requests that a service answers within hours, as apps use them.
import type { CallOptions } from './call-options.js'
import type { LlmError } from './errors.js'
import type { ChatInput } from './request.js'
import type { ChatResponse } from './response.js'

/** The progress of a batch. */
export interface BatchStatus {
  /** After `'cancelled'`, requests without an answer never get one. */
  state: 'running' | 'ended' | 'cancelled'
  /** The number of requests. */
  total: number
  answered: number
  failed: number
}

/** The response or the error of one request of a batch; `timing` of such a response is not meaningful. */
export type BatchResult =
  | { index: number; response: ChatResponse; error?: never }
  | { index: number; error: LlmError; response?: never }

/**
 * Many requests, answered within hours, at a lower price if the service has one. The id of a batch is all that is needed to
 * continue in another process. Values of a schema are only in the texts: they are not parsed or validated.
 */
export interface Batches {
  /** `false` if batches are not supported: `submit` then fails with `unsupported` and sends nothing. */
  readonly available?: boolean | undefined
  /**
   * Submits requests and returns the id of the batch. There are no warnings, so anything the model or its service does not
   * support is refused; with `onUnsupported: 'warn'`, options the service has no field for are silently left out.
   * @throws {LlmError} for the first invalid request; `unsupported` without batches
   */
  submit(requests: readonly ChatInput[], options?: CallOptions): Promise<string>
  /** The progress of a batch. */
  status(id: string, options?: CallOptions): Promise<BatchStatus>
  /**
   * One result for each request, in their order.
   * @throws {LlmError} `invalid-request` while it is running
   */
  results(id: string, options?: CallOptions): AsyncIterable<BatchResult>
  /** Cancels the requests of a batch that are not answered yet. */
  cancel(id: string, options?: CallOptions): Promise<void>
}
