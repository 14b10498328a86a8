// Access tokens of Microsoft Entra ID. Loaded with the first request that needs one.
import { isLlmError, LlmError } from '@patchbay/core'
import { unlessAborted } from '@patchbay/core/wire'

/**
 * A token for one request. The provider keeps and refreshes it: those of `@azure/identity` do.
 * @throws {LlmError} `authentication` if there is none, `network` if Microsoft cannot be reached
 */
export async function entraToken(provider: () => Promise<string>, signal: AbortSignal): Promise<string> {
  const token: unknown = await unlessAborted(signal, async () => provider()).catch((cause: unknown) => {
    if (signal.aborted || isLlmError(cause)) throw cause
    // A code of the system: the identity library passes on what its HTTP client says.
    const isNetwork = /^E[A-Z_]+$/.test(String((cause as { code?: unknown } | null)?.code))
    throw isNetwork
      ? new LlmError('network', 'Microsoft Entra ID cannot be reached for a token. Check the network.', {
          cause,
        })
      : new LlmError(
          'authentication',
          'tokenProvider failed: there is no token of Microsoft Entra ID. Check the identity, for example with az login.',
          { cause },
        )
  })
  if (typeof token === 'string' && token !== '') return token
  throw new LlmError(
    'authentication',
    'tokenProvider gave no token. It must return the text of one: getBearerTokenProvider(credential, scope) does.',
  )
}
