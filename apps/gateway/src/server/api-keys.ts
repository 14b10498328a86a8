// API keys of the gateway: created here, stored only as hashes, compared in constant time.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { KeyEntry } from '@patchbay/config'
import { LlmError } from '@patchbay/core'

/** A new key and its hash. */
export interface NewKey {
  /** The key itself: show it once, never store it. */
  key: string
  /** For `gateway.keys.NAME.hash` of the configuration. */
  hash: string
}

/**
 * Makes a new key. It has 256 random bits, which cannot be guessed, so a fast hash protects them as well as a slow one.
 * @example const { key, hash } = newKey()
 */
export function newKey(): NewKey {
  const key = `pb-${randomBytes(32).toString('base64url')}`
  return { key, hash: `sha256:${digest(key).toString('hex')}` }
}

/** A team of keys: what it may do and use, all its keys together. */
export interface ClientTeam extends Omit<KeyEntry, 'hash'> {
  name: string
}

/** The owner of a key, with its rights and limits. */
export interface Client extends Omit<KeyEntry, 'hash'> {
  name: string
  /** Its limits hold, too. */
  team?: ClientTeam
}

/** Keys that were made at run time. */
export interface RuntimeKeySource {
  /** Whether they were read. */
  readonly isLoaded: boolean
  readonly isEmpty: boolean
  /** The owner of a key, or why there is none. */
  find(key: string): Client | 'expired' | undefined
  /** The owner of a key that is valid, by name. */
  named(name: string): Client | undefined
}

const keyHeaders = ['x-api-key', 'api-key', 'x-goog-api-key']

/** The key in the headers: `authorization: Bearer …`, `x-api-key`, or the names of Azure's and Google's clients. */
export function keyIn(headers: Headers): string | undefined {
  const bearer = /^Bearer +(\S.*)$/i.exec(headers.get('authorization') ?? '')?.[1]
  return bearer ?? keyHeaders.map((name) => headers.get(name) ?? undefined).find(Boolean)
}

/** The configured keys, and those that were made at run time. */
export class ApiKeys {
  readonly #entries: { hash: Buffer; client: Client }[]

  /** `isAlwaysRequired`: also before the first key is made. */
  constructor(
    entries: Record<string, KeyEntry> = {},
    private readonly made?: RuntimeKeySource,
    private readonly isAlwaysRequired = false,
  ) {
    this.#entries = Object.entries(entries).map(([name, { hash, ...more }]) => ({
      hash: Buffer.from(hash.slice('sha256:'.length), 'hex'),
      client: { name, ...more },
    }))
  }

  /** Whether requests need a key. Without any key, all requests are allowed. */
  get isRequired(): boolean {
    const hasMade = this.made !== undefined && (!this.made.isLoaded || !this.made.isEmpty)
    return this.#entries.length > 0 || this.isAlwaysRequired || hasMade
  }

  /**
   * The owner of the key in the headers.
   * @throws {LlmError} `authentication`; `network` (503) for an unknown key if keys made at run time could not be read yet
   */
  clientOf(headers: Headers): Client {
    const given = keyIn(headers)
    if (!given)
      throw new LlmError(
        'authentication',
        "This gateway needs an API key: send authorization: Bearer … or x-api-key. Ask the gateway's operator for a key.",
      )
    const hash = digest(given)
    let found: Client | undefined
    // All keys are compared in full, so that the time taken says nothing about how close a guess is.
    for (const one of this.#entries) if (timingSafeEqual(one.hash, hash)) found = one.client
    found ??= this.#foundAtRunTime(given)
    if (found !== undefined) return found
    throw new LlmError(
      'authentication',
      "This gateway does not know the API key. Ask the gateway's operator.",
    )
  }

  /**
   * The owner of a key, by name: for requests that were accepted before.
   * @throws {LlmError} as `clientOf`
   */
  clientNamed(name: string): Client {
    const client = this.#entries.find((one) => one.client.name === name)?.client ?? this.made?.named(name)
    if (client !== undefined) return client
    if (this.made?.isLoaded === false) throw notRead()
    throw new LlmError('authentication', 'The API key of this request was deleted or has expired.')
  }

  #foundAtRunTime(key: string): Client | undefined {
    const client = this.made?.find(key)
    if (client === 'expired')
      throw new LlmError(
        'authentication',
        "This API key has expired or was replaced. Ask the gateway's operator for a new one.",
      )
    if (client === undefined && this.made?.isLoaded === false) throw notRead()
    return client
  }
}

function notRead(): LlmError {
  const message = "The gateway's keys cannot be read just now. Try again later."
  return new LlmError('network', message, { status: 503 })
}

/** SHA-256 of a key. */
export function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

/** Whether a digest is the one that is stored as hex: compared in constant time. */
export function sameDigest(hash: Buffer, stored: string): boolean {
  const other = Buffer.from(stored, 'hex')
  return other.length === hash.length && timingSafeEqual(hash, other)
}
