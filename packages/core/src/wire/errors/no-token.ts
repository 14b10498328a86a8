// Error of an access token that a vendor's identity library could not get.
import { LlmError } from '../../contract/errors.js'

/**
 * The `LlmError` for it: `network` if the cause has a code of the system, which such libraries pass on from their HTTP clients,
 * otherwise `authentication`.
 */
export function noToken(cause: unknown, issuer: string, advice: string): LlmError {
  const isNetwork = /^E[A-Z_]+$/.test(String((cause as { code?: unknown } | null | undefined)?.code))
  return isNetwork
    ? new LlmError('network', `${issuer} cannot be reached for a token. Check the network.`, { cause })
    : new LlmError('authentication', advice, { cause })
}
