// `pool`: a load balancer over servers that come and go.
import { isLlmError, LlmError, type Provider, systemClock } from '@patchbay/core'
import { DelegatingProvider } from '../../middleware/delegating-provider.js'
import { checkOptions } from '../../middleware/policy-arguments.js'
import { isRetriableElsewhere } from '../failover.js'
import {
  balancer,
  type LoadBalanceOptions,
  loadBalanceOptionNames,
  newTarget,
  type Target,
} from '../load-balance.js'
import type { ServerSource } from './server-source.js'
import { sourceOf } from './source-of-address.js'

/** Options of `pool`: those of `loadBalance`; the names are the servers. */
export type PoolOptions = Omit<LoadBalanceOptions, 'names' | 'weights'>

/** Milliseconds before a lookup that failed is made again. */
const retryMs = 1000
/** Milliseconds for a lookup and for what it connects; a list that takes longer is looked for again. */
const patienceMs = 30_000
/** The bounds of the time until the next lookup, in milliseconds: the longest that a timer can wait. */
const wait = { least: 100, most: 2 ** 31 - 1 }

/**
 * Spreads chats over servers that come and go, as `loadBalance` does. What is known of a server (its conversations, failures,
 * latency) stays while others come and go. One that is gone from the list finishes its running calls. A list that cannot be read,
 * or that is empty, changes nothing.
 * @param servers `dns:NAME` (the addresses of a name; SRV records where it begins with `_`), `dns://SERVER/NAME` to ask that DNS
 *   server, `file:PATH` (one server a line), or a function that looks them up
 * @param connect makes the provider of a server: `host`, or `host:port`
 * @throws {LlmError} `network` if no server is found at the start, `config` for another address
 * @example
 * const llm = await pool('dns:llama.internal', (server) => openai('m', { baseURL: `http://${server}:8080/v1` }), { by: 'prefix' })
 */
export async function pool(
  servers: string | ServerSource,
  connect: (server: string) => Provider | Promise<Provider>,
  options: PoolOptions = {},
): Promise<Provider> {
  const { names: _, weights: __, ...optionNames } = loadBalanceOptionNames
  checkOptions('pool', options, optionNames)
  const source = typeof servers === 'string' ? sourceOf(servers) : servers
  const members = new Members(connect, options)
  const what = typeof servers === 'string' ? servers : 'the source of the pool'
  const found = await (async () => source())().catch((cause: unknown) => {
    if (isLlmError(cause, 'config')) throw cause
    throw new LlmError('network', `The servers of ${what} cannot be looked up: ${String(cause)}.`, { cause })
  })
  const first = await members.change(found.servers)
  if (first === undefined) throw new LlmError('network', `There are no servers at ${what}.`)
  return new ServerPool(first, members, source, found.forMs, options)
}

/** A server of the list. */
interface Member {
  provider: Provider
  target: Target
}

/** The servers of a list, from one change to the next. */
class Members {
  #byServer = new Map<string, Member>()
  readonly #closing = new Set<Promise<void>>()

  constructor(
    private readonly connect: (server: string) => Provider | Promise<Provider>,
    private readonly options: PoolOptions,
  ) {}

  /** The load balancer over a new list; undefined if the list is the same or empty. */
  async change(list: readonly string[]): Promise<Provider | undefined> {
    // In one order, whatever DNS says: the first one answers what is not spread.
    const servers = [...new Set(list)].sort()
    if (servers.length === 0 || servers.join('\n') === [...this.#byServer.keys()].join('\n')) return undefined
    const before = this.#byServer
    const next = new Map<string, Member>()
    let problem: { cause: unknown } | undefined
    for (const server of servers) {
      const known = before.get(server)
      try {
        next.set(server, known ?? { provider: await this.connect(server), target: newTarget() })
      } catch (cause) {
        // One that cannot be connected keeps no other one away.
        problem = { cause }
      }
    }
    if (next.size === 0) throw problem?.cause
    this.#byServer = next
    for (const [server, { provider }] of before) if (!next.has(server)) this.#retire(provider)
    const all = [...next.values()]
    return balancer(
      all.map(({ provider }) => provider) as [Provider, ...Provider[]],
      all.map(({ target }) => target),
      {
        ...this.options,
        // A call that began before may come to a server that is gone by now.
        when: this.options.when ?? ((error) => error.code === 'closed' || isRetriableElsewhere(error)),
        names: [...next.keys()],
        weights: all.map(() => 1),
      },
    )
  }

  /** Closes a server's provider after its running calls. */
  #retire(provider: Provider): void {
    const closed = provider.close().catch(() => {})
    this.#closing.add(closed)
    void closed.finally(() => this.#closing.delete(closed))
  }

  async retired(): Promise<void> {
    await Promise.all(this.#closing)
  }
}

class ServerPool extends DelegatingProvider {
  #isClosed = false
  #cancel: () => void = () => {}

  constructor(
    first: Provider,
    private readonly members: Members,
    private readonly source: ServerSource,
    forMs: number,
    private readonly options: PoolOptions,
  ) {
    super(first)
    this.#plan(forMs)
  }

  override async close(): Promise<void> {
    this.#isClosed = true
    this.#cancel()
    await Promise.all([super.close(), this.members.retired()])
  }

  /** Looks again after a while. Does not keep the process alive. */
  #plan(forMs: number): void {
    if (this.#isClosed) return
    const ms = forMs > wait.least ? Math.min(forMs, wait.most) : wait.least
    const { clock } = this.options
    const look = () => void this.#look()
    if (clock !== undefined && clock !== systemClock) this.#cancel = clock.timer(ms, look)
    else {
      const timer = setTimeout(look, ms)
      unref(timer)
      this.#cancel = () => clearTimeout(timer)
    }
  }

  async #look(): Promise<void> {
    let isLate = false
    const late = setTimeout(() => {
      isLate = true
      this.#plan(retryMs)
    }, patienceMs)
    unref(late)
    let again = retryMs
    try {
      const { servers, forMs } = await this.source()
      if (this.#isClosed || isLate) return
      const changed = await this.members.change(servers)
      if (this.#isClosed) void changed?.close()
      else this.inner = changed ?? this.inner
      again = forMs
    } catch {
      // Those that are known stay.
    } finally {
      clearTimeout(late)
    }
    if (!isLate) this.#plan(again)
  }
}

/** Does not keep the process alive. */
function unref(timer: ReturnType<typeof setTimeout> & { unref?(): void }): void {
  timer.unref?.()
}
