// What a form of messages has no place for: an error, or left out with a warning, as the caller wishes.
import { LlmError, type Warning } from '@patchbay/core'
import { type OmissionWarner, omissionWarner } from '@patchbay/core/wire'
import type { LeftOut } from './to-ai-sdk/ignored-options.js'

/** Options of a conversion of messages. */
export interface ConversionOptions {
  /**
   * Called once for each kind of content that the other form has no place for; it is left out, or changed as the warning says.
   * Default: an error.
   */
  onWarning?: (warning: Warning) => void
}

/**
 * For content that the AI SDK has no place for.
 * @throws {LlmError} `unsupported`, without `onWarning`
 */
export function omittedThere({ onWarning }: ConversionOptions): OmissionWarner {
  return omissionWarner('The AI SDK', onWarning ?? refuse)
}

/**
 * For content that Patchbay has no place for.
 * @throws {LlmError} `unsupported`, without `onWarning`
 */
export function omittedHere({ onWarning = refuse }: ConversionOptions): LeftOut {
  const reported = new Set<string>()
  return (feature, message = `Patchbay has no place for ${feature}; it was left out.`) => {
    if (reported.has(feature)) return
    reported.add(feature)
    onWarning({ code: 'unsupported', feature, message })
  }
}

function refuse({ message }: Warning): never {
  const problem = message.replace(/(;|\.)? (it|they) (was|were) (left out|omitted)\.$/i, '.')
  throw new LlmError('unsupported', `${problem} Pass onWarning to go on without.`)
}
