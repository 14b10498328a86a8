// Keys of admins: compared in constant time, with a bound on guesses.
import { LlmError } from '@patchbay/core'
import { digest, keyIn, sameDigest } from '../server/api-keys.js'

/** Wrong keys from one address, and the milliseconds after which these are forgotten. */
const maxGuesses = 10
const forgetMs = 60_000
/** Addresses that are remembered; beyond these, the oldest is forgotten. */
const maxAddresses = 10_000

/** Wrong keys by address: kept over changes of the configuration. */
export type Guesses = Map<string, { count: number; until: number }>

export class AdminKeys {
  readonly #entries: { name: string; hash: string }[]
  readonly #guesses: Guesses

  private constructor(entries: { name: string; hash: string }[], guesses: Guesses) {
    this.#entries = entries
    this.#guesses = guesses
  }

  /** The admins of `PATCHBAY_ADMIN_KEY` and of `gateway.admins`; undefined without any: then there is no admin interface. */
  static of(
    key: string | undefined,
    named: Record<string, { hash: string }> = {},
    guesses: Guesses = new Map(),
  ): AdminKeys | undefined {
    const entries = Object.entries(named).map(([name, { hash }]) => ({
      name,
      hash: hash.slice('sha256:'.length),
    }))
    if (key) entries.push({ name: 'admin', hash: digest(key).toString('hex') })
    return entries.length === 0 ? undefined : new AdminKeys(entries, guesses)
  }

  /**
   * The name of the admin whose key is in the headers. `address`: where the request comes from.
   * @throws {LlmError} `authentication`; `rate-limited` after too many wrong keys, also for the right one
   */
  nameOf(headers: Headers, address: string, now = Date.now()): string {
    const { count, until } = this.#guessesOf(address, now)
    if (count >= maxGuesses)
      throw new LlmError(
        'rate-limited',
        'There were too many wrong admin keys from your address. Wait a minute.',
        {
          retryAfterMs: until - now,
        },
      )
    const given = keyIn(headers)
    if (given === undefined)
      throw new LlmError(
        'authentication',
        'The admin interface needs an admin key: send authorization: Bearer … or x-api-key.',
      )
    const hash = digest(given)
    let found: string | undefined
    // All are compared in full, so that the time taken says nothing about how close a guess is.
    for (const { name, hash: own } of this.#entries) if (sameDigest(hash, own)) found = name
    if (found !== undefined) return found
    this.#remember(address, { count: count + 1, until: now + forgetMs })
    throw new LlmError('authentication', 'This is not an admin key.')
  }

  #guessesOf(address: string, now: number): { count: number; until: number } {
    const known = this.#guesses.get(address)
    return known === undefined || known.until <= now ? { count: 0, until: now } : known
  }

  #remember(address: string, guesses: { count: number; until: number }): void {
    this.#guesses.delete(address)
    const [oldest] = this.#guesses.keys()
    if (this.#guesses.size >= maxAddresses && oldest !== undefined) this.#guesses.delete(oldest)
    this.#guesses.set(address, guesses)
  }
}
