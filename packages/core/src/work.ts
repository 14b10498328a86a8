// One attempt of an operation whose input is checked.
import type { CallContext } from './provider.js'

/** May be called again, for another attempt. */
export type Work<T> = (context: CallContext) => Promise<T>
