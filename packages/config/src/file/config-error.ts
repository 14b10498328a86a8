// Errors of configurations: each names the file, the place in it, and the fix.
import { LlmError } from '@patchbay/core'
import { meantName, redactor } from '@patchbay/core/wire'

// Removes secrets: a key in place of a name would be quoted.
const redact = redactor(undefined, undefined)

/** An error of code `config`, without secrets. */
export function configError(problem: string, options: { cause?: unknown; provider?: string } = {}): LlmError {
  // A name can be very long.
  return redact(
    new LlmError('config', problem.length > 1000 ? `${problem.slice(0, 1000)}…` : problem, options),
  )
}

/**
 * A suggestion to append to a message, ` Did you mean fast?`; empty if no name is similar.
 * @example nearest('fats', ['fast', 'slow'])
 */
export function nearest(name: string, names: readonly string[]): string {
  const meant = meantName(name, names)
  return meant === undefined ? '' : ` Did you mean ${meant}?`
}
