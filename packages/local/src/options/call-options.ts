// What a call may say to this backend alone: `providerOptions.local`.
import { LlmError } from '@patchbay/core'
import { type Priority, priorities, type Waiting } from '../supervisor/fair-queue.js'

/** `providerOptions: { local: … }`. */
export interface LocalCallOptions {
  /** Calls of a higher priority go first; a lower one waits for as long as there are any. Default `'normal'`. */
  priority?: Priority
  /** Whose call it is. Callers of one priority take turns, whoever has how many calls waiting. Default: the handle's. */
  caller?: string
}

/**
 * A call's place in the queue.
 * @throws {LlmError} `invalid-request` for options there are none of
 */
export function turnOf(options: Record<string, unknown>, handle: unknown): Waiting {
  const { priority = 'normal', caller = handle, ...unknown } = options
  const [name] = Object.keys(unknown)
  if (name !== undefined)
    throw new LlmError(
      'invalid-request',
      `providerOptions.local has no option ${name}. There are: priority, caller.`,
    )
  if (!isPriority(priority))
    throw new LlmError(
      'invalid-request',
      `providerOptions.local.priority must be one of ${priorities.join(', ')}, not ${String(priority)}.`,
    )
  return { priority, caller }
}

function isPriority(value: unknown): value is Priority {
  return priorities.some((priority) => priority === value)
}
