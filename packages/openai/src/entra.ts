// Access tokens of Microsoft Entra ID. Loaded with the first request that needs one.
import { isLlmError, LlmError } from '@patchbay/core'
import { noToken, unlessAborted } from '@patchbay/core/wire'

/** This machine, as tests and local gateways are. */
const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/**
 * A token for one request to this address. The provider keeps and refreshes it: those of `@azure/identity` do.
 * @throws {LlmError} `authentication` if there is none, `network` if Microsoft cannot be reached, `config` for an
 *   address that is neither of https nor of this machine
 */
export async function entraToken(
  provider: () => Promise<string>,
  baseURL: string,
  signal: AbortSignal,
): Promise<string> {
  const { protocol, hostname } = new URL(baseURL)
  if (protocol !== 'https:' && !loopback.test(hostname))
    throw new LlmError('config', 'A token of Entra ID is only sent over https. Change baseURL.')
  const token: unknown = await unlessAborted(signal, async () => provider()).catch((cause: unknown) => {
    if (signal.aborted || isLlmError(cause)) throw cause
    throw noToken(
      cause,
      'Microsoft Entra ID',
      'tokenProvider failed: there is no token of Microsoft Entra ID. Check the identity, for example with az login.',
    )
  })
  if (typeof token === 'string' && token !== '') return token
  throw new LlmError(
    'authentication',
    'tokenProvider gave no token. It must return the text of one: getBearerTokenProvider(credential, scope) does.',
  )
}

/** What to do when a token is refused: learn.microsoft.com/azure/ai-foundry/openai/how-to/managed-identity, November 2026. */
export const tokenAdvice = {
  authentication:
    'Check the scope of the token, and that the identity has the role Cognitive Services OpenAI User.',
  'permission-denied': 'Give the identity of tokenProvider the role Cognitive Services OpenAI User.',
}
