// Features of a request that the service refuses: an error, or left out with a warning, as the caller wishes.
import { LlmError, type PreparedChat, type Warning } from '@patchbay/core'

/**
 * Leaves a feature out.
 * @param reason one sentence: what is not accepted, and when
 * @param instead what is done; default: it is left out
 * @throws {LlmError} `unsupported`, unless the request has `onUnsupported: 'warn'`
 */
export type LeaveOut = (feature: string, reason: string, instead?: string) => void

/** The function for a request. */
export function leaveOutOf(
  { onUnsupported }: Pick<PreparedChat, 'onUnsupported'>,
  warn: (warning: Warning) => void,
): LeaveOut {
  return (feature, reason, instead = 'It was left out.') => {
    if (onUnsupported !== 'warn')
      throw new LlmError(
        'unsupported',
        `${reason} Change the request, or set onUnsupported: 'warn' to go on without.`,
      )
    warn({ code: 'unsupported', feature, message: `${reason} ${instead}` })
  }
}
