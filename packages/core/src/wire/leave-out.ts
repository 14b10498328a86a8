// Unsupported parts of a request that the capability check cannot know: an error, or left out with a warning.

import type { PreparedChat } from '../contract/backend.js'
import { LlmError } from '../contract/errors.js'
import type { Warning } from '../contract/response.js'
import { withReason } from './conversion.js'

/**
 * Leaves something out of a request with a warning, if the request has `onUnsupported: 'warn'`.
 * @param feature what is left out, as in warnings
 * @param reason one sentence: what is not accepted, and when
 * @param more `advice` is a sentence for the error: what to change. `instead` is a sentence for the warning: what is done.
 *   Default: it is left out.
 * @throws {LlmError} `unsupported`, unless the request has `onUnsupported: 'warn'`
 */
export type LeaveOut = (feature: string, reason: string, more?: { advice?: string; instead?: string }) => void

/** The `LeaveOut` of a request. */
export function leaveOutOf(
  { onUnsupported }: Pick<PreparedChat, 'onUnsupported'>,
  warn: (warning: Warning) => void,
): LeaveOut {
  return (
    feature,
    reason,
    {
      advice = "Change the request, or set onUnsupported: 'warn' to go on without.",
      instead = 'It was left out.',
    } = {},
  ) => {
    if (onUnsupported !== 'warn') throw new LlmError('unsupported', `${reason} ${advice}`)
    warn(withReason({ code: 'unsupported', feature, message: `${reason} ${instead}` }, reason))
  }
}
