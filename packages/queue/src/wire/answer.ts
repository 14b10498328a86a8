// What worker and caller agree on about an answer: how far it may run ahead of its reader, and how the result of a batched request is kept.
import type { WireError } from './errors.js'
import type { WireEvent } from './events.js'

/** Characters a worker may be ahead of the reader of its answer. */
export const textWindow = 64 * 1024

/** What is kept of one request of a batch: its response, or its error. */
export type BatchedResult = { event: WireEvent } | { error: WireError }
