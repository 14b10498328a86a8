// What a form of messages has no place for: an error, or left out with a warning, as the caller wishes.
import {
  type ConversionOptions,
  conversionWarner,
  type OmissionWarner,
  omissionWarner,
} from '@patchbay/core/wire'
import type { LeftOut } from './to-ai-sdk/ignored-options.js'

/**
 * For content that the AI SDK has no place for.
 * @throws {LlmError} `unsupported`, without `onWarning`
 */
export function omittedThere(options: ConversionOptions): OmissionWarner {
  return omissionWarner('The AI SDK', conversionWarner(options))
}

/**
 * For content that Patchbay has no place for.
 * @throws {LlmError} `unsupported`, without `onWarning`
 */
export function omittedHere(options: ConversionOptions): LeftOut {
  const warn = conversionWarner(options)
  const reported = new Set<string>()
  return (feature, message = `Patchbay has no place for ${feature}; it was left out.`) => {
    if (reported.has(feature)) return
    reported.add(feature)
    warn({ code: 'unsupported', feature, message })
  }
}
