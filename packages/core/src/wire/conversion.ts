// Conversions between forms of messages: what the other form has no place for is an error, or a warning, as the caller wishes.
import { LlmError } from '../contract/errors.js'
import type { Warning } from '../contract/response.js'
import { checkOptionNames } from '../request/option-names.js'

/** Options of a conversion between forms of messages. */
export interface ConversionOptions {
  /**
   * Called once for each kind of content that the other form has no place for; it is left out, or changed as the warning says.
   * Default: an error.
   */
  onWarning?: ((warning: Warning) => void) | undefined
}

// Beside the warnings, as those reach apps.
const reasons = new WeakMap<Warning, string>()

/** The warning, with its message without what was done: the text of an error in its place. */
export function withReason(warning: Warning, reason: string): Warning {
  reasons.set(warning, reason)
  return warning
}

/**
 * A function that reports an omission of a conversion; without `onWarning`, it throws `unsupported`.
 * @throws {LlmError} `invalid-request` for an unknown option
 */
export function conversionWarner(options: ConversionOptions): (warning: Warning) => void {
  checkOptionNames(options, ['onWarning'], 'of a conversion of messages')
  const { onWarning } = options
  return (warning) => {
    if (onWarning === undefined)
      throw new LlmError(
        'unsupported',
        `${reasons.get(warning) ?? warning.message} Pass onWarning to go on without.`,
      )
    onWarning(warning)
  }
}

/**
 * Reports, once for each, a field that Patchbay has no place for.
 * @param reason a sentence. Default: that there is no place for it
 * @param done a sentence for the warning: what was done. Default: it was left out
 */
export type LeftOut = (feature: string, reason?: string, done?: string) => void

/**
 * The `LeftOut` of a conversion to Patchbay's messages.
 * @throws {LlmError} `unsupported`, without `onWarning`
 */
export function leftOutReporter(options: ConversionOptions): LeftOut {
  const warn = conversionWarner(options)
  const reported = new Set<string>()
  return (feature, reason = `Patchbay has no place for ${feature}.`, done = 'It was left out.') => {
    if (reported.has(feature)) return
    reported.add(feature)
    warn(withReason({ code: 'unsupported', feature, message: `${reason} ${done}` }, reason))
  }
}
