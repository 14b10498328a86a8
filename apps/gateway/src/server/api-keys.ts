// Keys of the gateway: made here once, kept as their hashes only, and compared in constant time.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { KeyEntry } from '@patchbay/config'
import { LlmError } from '@patchbay/core'

/** A key, and what is kept of it. */
export interface NewKey {
  /** Shown once. */
  key: string
  /** For `gateway.keys.NAME.hash` of the configuration. */
  hash: string
}

/** 256 random bits: nobody guesses them, so a quick hash hides them as well as a slow one would. */
export function newKey(): NewKey {
  const key = `pb-${randomBytes(32).toString('base64url')}`
  return { key, hash: `sha256:${digest(key).toString('hex')}` }
}

/** Somebody who may ask. */
export interface Client extends Omit<KeyEntry, 'hash'> {
  name: string
}

export class Keys {
  readonly #known: { hash: Buffer; client: Client }[]

  constructor(entries: Record<string, KeyEntry> = {}) {
    this.#known = Object.entries(entries).map(([name, { hash, ...more }]) => ({
      hash: Buffer.from(hash.slice('sha256:'.length), 'hex'),
      client: { name, ...more },
    }))
  }

  /** Are there any? Without one, anybody may ask. */
  get wanted(): boolean {
    return this.#known.length > 0
  }

  /**
   * Whose key it came with: `authorization: Bearer …`, or `x-api-key`, as clients of each protocol send it.
   * @throws {LlmError} `authentication`
   */
  of(headers: Headers): Client {
    const bearer = /^Bearer +(\S.*)$/i.exec(headers.get('authorization') ?? '')?.[1]
    const given = bearer ?? headers.get('x-api-key')
    if (!given)
      throw new LlmError(
        'authentication',
        "This gateway wants a key: authorization: Bearer …, or x-api-key. Ask the gateway's operator.",
      )
    const hash = digest(given)
    let found: Client | undefined
    // All of them are compared, each in full: how long it takes says nothing of how near a guess is.
    for (const one of this.#known) if (timingSafeEqual(one.hash, hash)) found = one.client
    if (found !== undefined) return found
    throw new LlmError('authentication', "The key is not one of this gateway. Ask the gateway's operator.")
  }
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
