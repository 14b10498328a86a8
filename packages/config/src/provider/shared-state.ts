// Shared stores of a configuration: policy state in Redis or a folder, cached answers in a Keyv store.

import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CacheStore, StateStore } from '@patchbay/policies'
import { fileState, redisState } from '@patchbay/policies'
import { configError } from '../file/config-error.js'
import { importPackage } from './load-factory.js'
import { type Client, clientOf, closeClient, followsPrimary, openClient } from './redis-client.js'

/** The address of a shared store, and the folder that a relative path starts from. */
export interface SharedPlace {
  place: string
  folder: string
}

/** Whether the address of a shared store is one of a Redis: a server, sentinels or a cluster. */
export const isRedis = (place: string) => /^rediss?(\+sentinel|\+cluster)?:/.test(place)

/** State and answer stores of a configuration. Opened on first use, once for all policies. */
export class Shared {
  #state: Promise<StateStore> | undefined
  readonly #stores = new Map<string, Promise<CacheStore>>()
  readonly #closers: (() => Promise<unknown>)[] = []
  private readonly where: SharedPlace | undefined

  /** `state` is used where `shared` names none. */
  constructor({ shared, state }: { shared?: SharedPlace; state?: StateStore }) {
    this.where = shared
    if (shared === undefined && state !== undefined) this.#state = Promise.resolve(state)
  }

  /** The store for limits, budgets, circuits and learned results; undefined if each process has its own. */
  async state(): Promise<StateStore | undefined> {
    if (this.where === undefined) return this.#state
    if (this.#state === undefined) {
      this.#state = this.#open(this.where)
      // The next request tries again.
      this.#state.catch(() => {
        this.#state = undefined
      })
    }
    return this.#state
  }

  /** The store for cached answers: the named one, or the shared Redis; undefined if each process has its own. */
  async store(named: string | undefined, folder: string): Promise<CacheStore | undefined> {
    const place =
      named ?? (this.where !== undefined && isRedis(this.where.place) ? this.where.place : undefined)
    if (place === undefined) return undefined
    const known = this.#stores.get(place)
    if (known !== undefined) return known
    const store = this.#keyv(place, folder)
    this.#stores.set(place, store)
    // The next use tries again.
    store.catch(() => this.#stores.delete(place))
    return store
  }

  /** Closes all stores. Takes a few seconds at most, even if a server does not answer. */
  async close(): Promise<void> {
    // What is being opened is closed as well.
    await Promise.allSettled([this.#state, ...this.#stores.values()])
    await Promise.allSettled(this.#closers.map((close) => close()))
  }

  async #open({ place, folder }: SharedPlace): Promise<StateStore> {
    if (place.includes('://') && !isRedis(place))
      throw configError(
        '`shared` must be redis://host, rediss://host, redis+sentinel://host/name, redis+cluster://host or a folder; other addresses are not supported.',
      )
    if (!isRedis(place)) return fileState(resolve(folder, place))
    const made = await openClient(place, folder)
    this.#closers.push(() => closeClient(made.client))
    return redisState(followsPrimary(made))
  }

  async #keyv(place: string, folder: string): Promise<CacheStore> {
    const { Keyv } = await import('keyv')
    const keyvStore = await adapter(place, folder)
    const store = new Keyv({
      store: keyvStore,
      namespace: 'patchbay',
      throwOnErrors: true,
    })
    store.on('error', () => {})
    this.#closers.push(() =>
      'client' in keyvStore ? closeClient(keyvStore.client as Client) : store.disconnect(),
    )
    return store
  }
}

type Constructor = new (options: unknown, more?: unknown) => object

/** The adapter of Keyv for an address. */
async function adapter(place: string, folder: string): Promise<object> {
  const create = async (name: string, option: unknown, exported = 'default', more?: unknown) =>
    new ((await importPackage(name, folder))[exported] as Constructor)(option, more)
  if (isRedis(place)) {
    const { client, connected } = await clientOf(place, folder, '@keyv/redis')
    // One server and sentinels say the first, clusters the second.
    for (const event of ['ready', 'connect'] as const) client.on(event, connected)
    return create('@keyv/redis', client, 'default', { throwOnErrors: true })
  }
  if (place.startsWith('sqlite:')) return create('@keyv/sqlite', place)
  if (place.startsWith('file:')) {
    const filename = place.startsWith('file:///')
      ? fileURLToPath(place)
      : resolve(folder, place.slice('file:'.length))
    return create('keyv-file', { filename }, 'KeyvFile')
  }
  throw configError(
    'A store for answers is redis://host, sqlite://path or file:path. Pass other Keyv stores to cache() in code.',
  )
}
