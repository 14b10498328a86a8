// What policies keep, where the configuration says so: state in a Redis or a folder, answers in a store of Keyv.

import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CacheStore, RedisClient, StateStore } from '@patchbay/policies'
import { fileState, redisState } from '@patchbay/policies'
import { importPackage } from './backend.js'
import { wrong } from './failure.js'

/** Where it is, and the folder it is meant from. */
export interface SharedPlace {
  place: string
  folder: string
}

const isRedis = (place: string) => /^rediss?:/.test(place)

/** Opened when it is first needed, once for all policies of a provider. */
export class Shared {
  #state: Promise<StateStore> | undefined
  readonly #stores = new Map<string, Promise<CacheStore>>()
  readonly #closers: (() => Promise<unknown>)[] = []

  constructor(private readonly where: SharedPlace | undefined) {}

  /** Where limits, budgets, circuits and what was learned are; nothing where each process has its own. */
  async state(): Promise<StateStore | undefined> {
    if (this.where === undefined) return undefined
    if (this.#state === undefined) {
      this.#state = this.#open(this.where)
      // A server that outlives it looks again at its next request.
      this.#state.catch(() => {
        this.#state = undefined
      })
    }
    return this.#state
  }

  /** Where answers are kept: the named store, or the shared Redis; nothing where each process has its own. */
  async store(named: string | undefined, folder: string): Promise<CacheStore | undefined> {
    const place =
      named ?? (this.where !== undefined && isRedis(this.where.place) ? this.where.place : undefined)
    if (place === undefined) return undefined
    const known = this.#stores.get(place)
    if (known !== undefined) return known
    const store = this.#keyv(place, folder)
    this.#stores.set(place, store)
    return store
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#closers.map((close) => close()))
  }

  async #open({ place, folder }: SharedPlace): Promise<StateStore> {
    if (!isRedis(place)) return fileState(resolve(folder, place))
    const { createClient } = (await importPackage('@redis/client', folder)) as {
      createClient(options: object): RedisClient & {
        on(event: 'error', listener: () => void): void
        connect(): Promise<unknown>
        close(): Promise<unknown>
      }
    }
    // One that was there is looked for again; one that never was is told at once.
    let found = false
    const reconnectStrategy = (tries: number) => (found ? Math.min(100 * tries, 5000) : false)
    const client = createClient({ url: place, disableOfflineQueue: true, socket: { reconnectStrategy } })
    // What fails is told by the calls it fails for.
    client.on('error', () => {})
    await client.connect().catch((cause: Error) => {
      throw wrong(`The Redis at ${hostOf(place)} cannot be reached: ${cause.message}. Is it running?`, {
        cause,
      })
    })
    found = true
    this.#closers.push(() => client.close())
    return redisState(client)
  }

  async #keyv(place: string, folder: string): Promise<CacheStore> {
    const { Keyv } = await import('keyv')
    const store = new Keyv({
      store: await adapter(place, folder),
      namespace: 'patchbay',
      throwOnErrors: true,
    })
    store.on('error', () => {})
    this.#closers.push(() => store.disconnect())
    return store
  }
}

type Made = new (options: unknown) => object

/** The adapter of Keyv for an address. */
async function adapter(place: string, folder: string): Promise<object> {
  const made = async (name: string, option: unknown, exported = 'default') =>
    new ((await importPackage(name, folder))[exported] as Made)(option)
  if (isRedis(place)) return made('@keyv/redis', place)
  if (place.startsWith('sqlite:')) return made('@keyv/sqlite', place)
  if (place.startsWith('file:')) {
    const filename = place.startsWith('file:///')
      ? fileURLToPath(place)
      : resolve(folder, place.slice('file:'.length))
    return made('keyv-file', { filename }, 'KeyvFile')
  }
  throw wrong(
    `${place} is no store for answers. There are redis://host, sqlite://path and file:path; anything else of Keyv's is handed to cache() in code.`,
  )
}

/** Addresses hold passwords. */
function hostOf(place: string): string {
  return URL.canParse(place) ? new URL(place).host : 'this address'
}
