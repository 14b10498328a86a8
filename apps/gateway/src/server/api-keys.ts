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

/** The owner of a key, with its rights and limits. */
export interface Client extends Omit<KeyEntry, 'hash'> {
  name: string
}

const keyHeaders = ['x-api-key', 'api-key', 'x-goog-api-key']

/** The configured keys. */
export class ApiKeys {
  readonly #entries: { hash: Buffer; client: Client }[]

  constructor(entries: Record<string, KeyEntry> = {}) {
    this.#entries = Object.entries(entries).map(([name, { hash, ...more }]) => ({
      hash: Buffer.from(hash.slice('sha256:'.length), 'hex'),
      client: { name, ...more },
    }))
  }

  /** Whether requests need a key. Without any configured key, all requests are allowed. */
  get isRequired(): boolean {
    return this.#entries.length > 0
  }

  /**
   * The owner of the key in the headers: `authorization: Bearer …`, `x-api-key`, or the names of Azure's and Google's clients.
   * @throws {LlmError} `authentication`
   */
  clientOf(headers: Headers): Client {
    const bearer = /^Bearer +(\S.*)$/i.exec(headers.get('authorization') ?? '')?.[1]
    const given = bearer ?? keyHeaders.map((name) => headers.get(name)).find(Boolean)
    if (!given)
      throw new LlmError(
        'authentication',
        "This gateway needs an API key: send authorization: Bearer … or x-api-key. Ask the gateway's operator for a key.",
      )
    const hash = digest(given)
    let found: Client | undefined
    // All keys are compared in full, so that the time taken says nothing about how close a guess is.
    for (const one of this.#entries) if (timingSafeEqual(one.hash, hash)) found = one.client
    if (found !== undefined) return found
    throw new LlmError(
      'authentication',
      "This gateway does not know the API key. Ask the gateway's operator.",
    )
  }
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
