// One attempt of an operation whose input was checked.
import type { CallContext } from '../contract/backend.js'

/** Called once for each attempt. */
export type Attempt<T> = (context: CallContext) => Promise<T>
