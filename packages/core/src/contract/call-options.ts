// Call options: signal, time limits, retries, headers, status callback, metadata.
import type { StatusEvent } from './status.js'

/** Time limits, in milliseconds. */
export interface TimeoutOptions {
  /** For the whole call, queueing and retries included. Default 600,000; 120,000 for a local model. */
  total?: number | undefined
  /** From the start of an attempt to its first event with content. Default 300,000; `total` for a local model. */
  first?: number | undefined
  /** Between two events with content; counts only while a reader waits for the next. Default 120,000. */
  idle?: number | undefined
}

/** How failures before the first event are retried. */
export interface RetryOptions {
  /** Attempts after the first. Default 2. */
  retries?: number | undefined
  /** The first back-off, in milliseconds; it doubles each time, with full jitter. Default 500. */
  baseDelay?: number | undefined
  /** The longest back-off, in milliseconds. Default 8,000. */
  maxDelay?: number | undefined
  /** The longest `Retry-After` that is waited for, in milliseconds; a longer one fails at once. Default 60,000. */
  maxRetryAfter?: number | undefined
}

/**
 * Options of one call that are not part of the request.
 * @example
 * await llm.chat('Hi', { signal: AbortSignal.timeout(5_000), retry: false })
 */
export interface CallOptions {
  /** Aborts the call: it rejects with `aborted`. */
  signal?: AbortSignal | undefined
  /** Time limits in milliseconds; a number is the total. Default: the provider's. */
  timeout?: number | TimeoutOptions | undefined
  /** Retries; `false` turns them off. Default: the provider's. */
  retry?: false | RetryOptions | undefined
  /** HTTP headers added to the request, for services that are reached by HTTP. */
  headers?: Record<string, string> | undefined
  /** Called with news of the call: retries, queue positions, loading of a model. An error that it throws aborts the call. */
  onStatus?: ((status: StatusEvent) => void) | undefined
  /**
   * Labels that policies use and that are never sent to a service: `key` (whose budget), `tenant` (whose cache), and anything
   * that `log` and `trace` should include.
   */
  metadata?: Record<string, string> | undefined
}
