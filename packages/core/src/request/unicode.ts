// Text that every wire can carry.
import type { Warning } from '../contract/response.js'

/** Half of a surrogate pair is no character: it has no UTF-8 form, so no wire can carry it. */
export function wellFormed(value: string, warnings: Warning[]): string {
  if (value.isWellFormed()) return value
  if (!warnings.some((warning) => warning.feature === 'unicode'))
    warnings.push({
      code: 'repaired',
      feature: 'unicode',
      message: 'Lone surrogates in the text were replaced by U+FFFD.',
    })
  return value.toWellFormed()
}
