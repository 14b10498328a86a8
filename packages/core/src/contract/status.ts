// Status events: news of a call that is not part of its answer.

/** One rate limit of a service, as far as its headers report it. */
export interface RateLimit {
  /** Requests or tokens allowed in a period. */
  limit?: number
  /** Requests or tokens left in this period. */
  remaining?: number
  /** Milliseconds until the full limit is available again. */
  resetMs?: number
}

/** News of a call, for the option `onStatus`. */
export type StatusEvent =
  /** An attempt failed before its first event and will be retried. */
  | { type: 'retrying'; attempt: number; delayMs: number; reason: string }
  /** A provider failed before its first event; another one is called. */
  | { type: 'fallback'; from: string; to: string; reason: string }
  /** The call waits in a queue; `position` counts from 1. */
  | { type: 'queued'; position: number }
  /** The process that runs a model has died; a new one starts after the delay. Queued calls stay in the queue. */
  | { type: 'restarting'; delayMs: number; reason: string }
  /** What is left of the service's rate limits, by its response headers. */
  | { type: 'rate-limit'; requests?: RateLimit; tokens?: RateLimit }
  /** So many earlier messages of a long conversation are not sent: a summary stands for them, or a note. */
  | { type: 'compacted'; by: 'summary' | 'trim'; messages: number }
  /** A model is being loaded; `progress` from 0 to 1, if it is known. */
  | { type: 'loading'; model: string; progress?: number }
