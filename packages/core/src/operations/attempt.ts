// The type of one attempt of an operation with checked input.
import type { CallContext } from '../contract/backend.js'

/** May be called again, for another attempt. */
export type Attempt<T> = (context: CallContext) => Promise<T>
