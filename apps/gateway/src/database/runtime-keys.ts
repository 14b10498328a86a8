// Keys and teams that were made at run time: read from the database into memory, so that no call waits for it.
import { isDeepStrictEqual } from 'node:util'
import type { KeyEntry } from '@patchbay/config'
import { type Client, type ClientTeam, digest, sameDigest } from '../server/api-keys.js'
import type { Database, KeyRow } from './tables.js'

/** What a key or a team may do. */
export type Rights = Omit<KeyEntry, 'hash'>

interface StoredKey {
  row: KeyRow
  client: Client
}

export class RuntimeKeys {
  #byHash = new Map<string, StoredKey>()
  #version: number | undefined
  #begun = 0
  /** The last of those that have ended: what began before it read older keys, perhaps. */
  #latest = 0
  #hasHadKeys = false

  /** Whether keys were read. Until then, a key that is unknown may be one of them. */
  get isLoaded(): boolean {
    return this.#version !== undefined
  }

  /** Whether there never was a key. A database that is emptied must not open the gateway. */
  get isEmpty(): boolean {
    return !this.#hasHadKeys
  }

  /**
   * The owner of a key; `'expired'` for one whose time is over, `undefined` for an unknown one. Keys are found by their hash: how
   * long that takes says nothing of the key.
   */
  find(key: string, now = Date.now()): Client | 'expired' | undefined {
    const hash = digest(key)
    const found = this.#byHash.get(hash.toString('hex'))
    if (found === undefined) return undefined
    const { row, client } = found
    const isCurrent = sameDigest(hash, row.hash)
    if (!isCurrent && now >= (row.previous_until ?? 0)) return 'expired'
    return now >= (row.expires ?? Number.POSITIVE_INFINITY) ? 'expired' : client
  }

  /** The owner of a key that has not expired, by its name. */
  named(name: string, now = Date.now()): Client | undefined {
    for (const { row, client } of this.#byHash.values())
      if (row.name === name && now < (row.expires ?? Number.POSITIVE_INFINITY)) return client
    return undefined
  }

  /** Reads keys and teams again if they have changed. */
  async refresh(db: Database): Promise<void> {
    const turn = ++this.#begun
    const { version } = await db.selectFrom('patchbay_changes').select('version').executeTakeFirstOrThrow()
    if (version === this.#version) return
    const [keys, teams] = await Promise.all([
      db.selectFrom('patchbay_keys').selectAll().execute(),
      db.selectFrom('patchbay_teams').selectAll().execute(),
    ])
    if (turn < this.#latest) return
    this.#latest = turn
    const teamByName = new Map(
      teams.map(({ name, rights }): [string, ClientTeam] => [name, { name, ...rightsOf(rights) }]),
    )
    const byHash = new Map<string, StoredKey>()
    for (const row of keys) {
      const team = row.team === null ? undefined : teamByName.get(row.team)
      const read: Client = { name: row.name, ...rightsOf(row.rights), ...(team && { team }) }
      const before = this.#byHash.get(row.hash)?.client
      const client = isDeepStrictEqual(before, read) ? (before as Client) : read
      for (const hash of [row.previous_hash, row.hash]) if (hash !== null) byHash.set(hash, { row, client })
    }
    this.#byHash = byHash
    this.#hasHadKeys ||= keys.length > 0
    this.#version = version
  }
}

/** The rights of a row. */
export function rightsOf(rights: string): Rights {
  return JSON.parse(rights) as Rights
}
