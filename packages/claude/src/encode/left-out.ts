// Parts of a request that a model refuses and that the capability check of core cannot know: an error, or left out with a warning.
import { LlmError, type PreparedChat, type Warning } from '@patchbay/core'

/**
 * Leaves something out of a request with a warning, where `onUnsupported: 'warn'` asks for that.
 * @throws {LlmError} `unsupported` otherwise
 */
export type LeaveOut = (feature: string, problem: string, advice: string) => void

/** The `LeaveOut` of a request. */
export function leaveOutOf(
  { onUnsupported }: Pick<PreparedChat, 'onUnsupported'>,
  warn: (warning: Warning) => void,
): LeaveOut {
  return (feature, problem, advice) => {
    if (onUnsupported !== 'warn') throw new LlmError('unsupported', `${problem} ${advice}`)
    warn({ code: 'unsupported', feature, message: `${problem} It was left out.` })
  }
}
