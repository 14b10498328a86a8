// Lone surrogates in text.
import type { Warning } from '../contract/response.js'

/** The text with U+FFFD for lone surrogates, which have no UTF-8 form, and a warning for the first. */
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
