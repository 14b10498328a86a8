// Errors of configurations: each names the file, the place in it, and what to do.
import { LlmError } from '@patchbay/core'
import { redactor } from '@patchbay/core/wire'
import { closest, distance } from 'fastest-levenshtein'

// A key may stand where a name belongs, and is quoted like one.
const redact = redactor(undefined, undefined)

export function wrong(problem: string, options: { cause?: unknown; provider?: string } = {}): LlmError {
  // A name can be as long as a file.
  return redact(
    new LlmError('config', problem.length > 1000 ? `${problem.slice(0, 1000)}…` : problem, options),
  )
}

/**
 * A question to put behind a message, ` Did you mean fast?`; nothing where none of the names is near.
 * @example nearest('fats', ['fast', 'slow'])
 */
export function nearest(name: string, names: string[]): string {
  if (names.length === 0) return ''
  const near = closest(name, names)
  return distance(name, near) <= Math.max(2, name.length / 3) ? ` Did you mean ${near}?` : ''
}
