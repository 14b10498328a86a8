// Lone surrogates in text.
import { LlmError } from '../contract/errors.js'
import type { Warning } from '../contract/response.js'

/**
 * The text with U+FFFD for lone surrogates, which have no UTF-8 form, and a warning for the first.
 * @throws {LlmError} `config` in a runtime that is too old: this is the first thing of a call that it does not have
 */
export function wellFormed(value: string, warnings: Warning[]): string {
  if (value.isWellFormed === undefined)
    throw new LlmError(
      'config',
      'This JavaScript runtime is too old for Patchbay. Install Node 20.19 or newer (`node --version` says which you have), or a browser of 2024 or newer.',
    )
  if (value.isWellFormed()) return value
  if (!warnings.some((warning) => warning.feature === 'unicode'))
    warnings.push({
      code: 'repaired',
      feature: 'unicode',
      message: 'Lone surrogates in the text were replaced by U+FFFD.',
    })
  return value.toWellFormed()
}
