// Shared stores of a configuration: policy state in Redis or a folder, cached answers in a Keyv store.

import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LlmError } from '@patchbay/core'
import type { CacheStore, RedisClient, StateStore } from '@patchbay/policies'
import { fileState, redisState } from '@patchbay/policies'
import { configError } from '../file/config-error.js'
import { importPackage } from './load-factory.js'

/** The address of a shared store, and the folder that a relative path starts from. */
export interface SharedPlace {
  place: string
  folder: string
}

export const isRedis = (place: string) => /^rediss?:/.test(place)

/** State and answer stores of a configuration. Opened on first use, once for all policies. */
export class Shared {
  #state: Promise<StateStore> | undefined
  readonly #stores = new Map<string, Promise<CacheStore>>()
  readonly #closers: (() => Promise<unknown>)[] = []

  constructor(private readonly where: SharedPlace | undefined) {}

  /** The store for limits, budgets, circuits and learned results; undefined if each process has its own. */
  async state(): Promise<StateStore | undefined> {
    if (this.where === undefined) return undefined
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
        '`shared` must be redis://host, rediss://host or a folder; other addresses are not supported.',
      )
    if (!isRedis(place)) return fileState(resolve(folder, place))
    const { createClient } = (await importPackage('@redis/client', folder)) as {
      createClient(options: object): Client
    }
    const { options, connected } = redisOptions(place)
    const client = createClient(options)
    // The calls that fail report it.
    client.on('error', () => {})
    try {
      await client.connect()
    } catch (cause) {
      throw unreachable(place, cause)
    }
    connected()
    this.#closers.push(() => closeClient(client))
    return redisState(client)
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

/** The part of a client of `@redis/client` that is used here. */
type Client = RedisClient & {
  readonly isOpen: boolean
  on(event: 'error' | 'ready', listener: () => void): void
  connect(): Promise<unknown>
  sendCommand(args: string[]): Promise<unknown>
  destroy(): void
}

// After so many milliseconds without a byte from the server, the client connects again; it pings the server in between.
const silenceMs = 4000
const pingMs = 1500
// The longest wait for outstanding replies at close, in milliseconds.
const lastRepliesMs = 1000

/**
 * Options of a client that fails at once if no server answers the first connection, and reconnects after that. Call `connected`
 * after the first connection.
 * @throws {LlmError} `config` for an invalid address
 */
function redisOptions(url: string): { options: object; connected: () => void } {
  if (!isReadable(url))
    throw configError(
      'The address of the Redis cannot be read. It is redis://user:password@host:port/number, or rediss:// with TLS; a % in a password is written %25.',
    )
  let wasConnected = false
  const reconnectStrategy = (tries: number) => (wasConnected ? Math.min(100 * tries, 5000) : false)
  const socket = { reconnectStrategy, connectTimeout: silenceMs, socketTimeout: silenceMs }
  return {
    options: { url, disableOfflineQueue: true, pingInterval: pingMs, socket },
    connected: () => {
      wasConnected = true
    },
  }
}

/** Checks an address by the rules of the client, whose own errors would quote it. */
function isReadable(url: string): boolean {
  try {
    const { username, password, pathname } = new URL(url)
    for (const part of [username, password]) decodeURIComponent(part)
    return /^\/?\d*$/.test(pathname)
  } catch {
    return false
  }
}

/** Closes a client after the replies to its commands; a server that does not reply is not waited for. */
async function closeClient(client: Client): Promise<void> {
  if (!client.isOpen) return
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, lastRepliesMs)
  })
  // The server replies in order, so this reply is the last one.
  await Promise.race([client.sendCommand(['PING']).catch(() => {}), late])
  clearTimeout(timer)
  if (client.isOpen) client.destroy()
}

function unreachable(place: string, cause: unknown): LlmError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new LlmError(
    'network',
    `The Redis at ${new URL(place).host} cannot be reached: ${why}. Is it running?`,
    {
      cause,
    },
  )
}

/** The adapter of Keyv for an address. */
async function adapter(place: string, folder: string): Promise<object> {
  const create = async (name: string, option: unknown, exported = 'default', more?: unknown) =>
    new ((await importPackage(name, folder))[exported] as Constructor)(option, more)
  if (isRedis(place)) {
    const { options, connected } = redisOptions(place)
    const keyvStore = (await create('@keyv/redis', options, 'default', { throwOnErrors: true })) as {
      client: Client
    }
    keyvStore.client.on('ready', connected)
    return keyvStore
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
