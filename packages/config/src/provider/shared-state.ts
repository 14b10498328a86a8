// What policies keep, where the configuration says so: state in a Redis or a folder, answers in a store of Keyv.

import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LlmError } from '@patchbay/core'
import type { CacheStore, RedisClient, StateStore } from '@patchbay/policies'
import { fileState, redisState } from '@patchbay/policies'
import { wrong } from '../file/config-error.js'
import { importPackage } from './backend.js'

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
    // What could not be opened is tried again by the next who needs it.
    store.catch(() => this.#stores.delete(place))
    return store
  }

  /** Ends in some seconds, also where a server does not answer. */
  async close(): Promise<void> {
    // What is being opened is closed as well.
    await Promise.allSettled([this.#state, ...this.#stores.values()])
    await Promise.allSettled(this.#closers.map((close) => close()))
  }

  async #open({ place, folder }: SharedPlace): Promise<StateStore> {
    if (place.includes('://') && !isRedis(place))
      throw wrong(
        '`shared` must be redis://host, rediss://host or a folder; other addresses are not supported.',
      )
    if (!isRedis(place)) return fileState(resolve(folder, place))
    const { createClient } = (await importPackage('@redis/client', folder)) as {
      createClient(options: object): Client
    }
    const { options, found } = redisOptions(place)
    const client = createClient(options)
    // What fails is told by the calls it fails for.
    client.on('error', () => {})
    try {
      await client.connect()
    } catch (cause) {
      throw unreachable(place, cause)
    }
    found()
    this.#closers.push(() => ended(client))
    return redisState(client)
  }

  async #keyv(place: string, folder: string): Promise<CacheStore> {
    const { Keyv } = await import('keyv')
    const kept = await adapter(place, folder)
    const store = new Keyv({
      store: kept,
      namespace: 'patchbay',
      throwOnErrors: true,
    })
    store.on('error', () => {})
    this.#closers.push(() => ('client' in kept ? ended(kept.client as Client) : store.disconnect()))
    return store
  }
}

type Made = new (options: unknown, more?: unknown) => object

/** What of a client of `@redis/client` is used here. */
type Client = RedisClient & {
  readonly isOpen: boolean
  on(event: 'error' | 'ready', listener: () => void): void
  connect(): Promise<unknown>
  sendCommand(args: string[]): Promise<unknown>
  destroy(): void
}

// A server that says nothing for so long, in milliseconds, is looked for anew; it is asked for a sign of life in between.
const silenceMs = 4000
const signMs = 1500
// How long the last answers are waited for when all is closed.
const lastAnswersMs = 1000

/**
 * For a client that is told at once where there never was a server, and looks again for one that was there.
 * @throws {LlmError} `config` for an address that is none
 */
function redisOptions(url: string): { options: object; found: () => void } {
  if (!isReadable(url))
    throw wrong(
      'The address of the Redis cannot be read. It is redis://user:password@host:port/number, or rediss:// with TLS; a % in a password is written %25.',
    )
  let there = false
  const reconnectStrategy = (tries: number) => (there ? Math.min(100 * tries, 5000) : false)
  const socket = { reconnectStrategy, connectTimeout: silenceMs, socketTimeout: silenceMs }
  return {
    options: { url, disableOfflineQueue: true, pingInterval: signMs, socket },
    found: () => {
      there = true
    },
  }
}

/** By the rules of the client, whose own errors quote the address. */
function isReadable(url: string): boolean {
  try {
    const { username, password, pathname } = new URL(url)
    for (const part of [username, password]) decodeURIComponent(part)
    return /^\/?\d*$/.test(pathname)
  } catch {
    return false
  }
}

/** Closes it after the answers to what was sent; one that does not answer is left in time. */
async function ended(client: Client): Promise<void> {
  if (!client.isOpen) return
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, lastAnswersMs)
  })
  // It answers in order.
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
  const made = async (name: string, option: unknown, exported = 'default', more?: unknown) =>
    new ((await importPackage(name, folder))[exported] as Made)(option, more)
  if (isRedis(place)) {
    const { options, found } = redisOptions(place)
    const kept = (await made('@keyv/redis', options, 'default', { throwOnErrors: true })) as {
      client: Client
    }
    kept.client.on('ready', found)
    return kept
  }
  if (place.startsWith('sqlite:')) return made('@keyv/sqlite', place)
  if (place.startsWith('file:')) {
    const filename = place.startsWith('file:///')
      ? fileURLToPath(place)
      : resolve(folder, place.slice('file:'.length))
    return made('keyv-file', { filename }, 'KeyvFile')
  }
  throw wrong(
    "A store for answers is redis://host, sqlite://path or file:path; anything else of Keyv's is handed to cache() in code.",
  )
}
