// The browser guard of official clients, in our words.
import { LlmError } from '../../contract/errors.js'

/**
 * The official client that `make` makes. Clients refuse to be made in a browser, where everybody can read the key, unless they are told
 * to; other errors are passed on.
 * @throws {LlmError} `config` for that refusal, with the option that allows it
 */
export function unlessInBrowser<Client>(factory: string, make: () => Client): Client {
  try {
    return make()
  } catch (cause) {
    if (!(cause instanceof Error && /dangerouslyAllowBrowser/.test(cause.message))) throw cause
    throw refusal(factory, cause)
  }
}

/**
 * The same refusal, for a backend that works without such a client.
 * @throws {LlmError} `config` on a web page
 */
export function refuseInBrowser(factory: string): void {
  const { window, navigator } = globalThis as { window?: { document?: unknown }; navigator?: unknown }
  if (window?.document !== undefined && navigator !== undefined) throw refusal(factory)
}

function refusal(factory: string, cause?: unknown): LlmError {
  return new LlmError(
    'config',
    `${factory}() was called in a browser, where everybody who opens the page can read the key. Call it on a server, or send requests to a gateway. For a key of the visitor's own, pass allowBrowser: true.`,
    { provider: factory, ...(cause !== undefined && { cause }) },
  )
}
