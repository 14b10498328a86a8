// The type of one attempt of an operation with checked input.
import type { CallContext } from '../contract/provider.js'

/** May be called again, for another attempt. */
export type Work<T> = (context: CallContext) => Promise<T>
