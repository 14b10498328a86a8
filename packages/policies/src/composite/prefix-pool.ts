// Pool of servers that keep what they have read of a conversation: consistent hashing with bounded load, and their health.
import { hashOf, hashOfBoth } from './conversation.js'

/** Whether a server works. */
export interface ServerHealth {
  /** When it may be tried again, in milliseconds; 0: it works. */
  downUntil: number
}

/** A server of a pool. */
export interface PoolServer {
  /** The same name gets the same conversations, whatever else is in the pool. */
  name: string
  weight: number
  health: ServerHealth
  /** Calls in flight, and those about to be sent. */
  load(): number
}

// A server takes at most a quarter more calls than its share; the others go to the next server of their conversation.
// Source: Mirrokni, Thorup and Zadimoghaddam, "Consistent Hashing with Bounded Loads", 2016.
const excess = 1.25
// How long a server that failed is asked last, in milliseconds.
const downMs = 5000

export class PrefixPool {
  readonly #hashes: number[]
  readonly #total: number
  readonly #probing = new Set<number>()

  constructor(
    private readonly servers: readonly PoolServer[],
    private readonly now: () => number,
    /** Finds out whether a server works. Without it, the next call does. */
    private readonly probe?: (at: number) => Promise<unknown>,
  ) {
    this.#hashes = servers.map(({ name }) => hashOf(name))
    this.#total = servers.reduce((sum, { weight }) => sum + weight, 0)
  }

  /**
   * Servers in the order to try them: first those that work and have room, each group by rendezvous hashing, so that a server
   * that goes moves its own conversations only.
   */
  order(conversation: number): number[] {
    const scores = this.servers.map(({ weight }, at) => {
      const drawn = (hashOfBoth(conversation, this.#hashes[at] as number) + 0.5) / 2 ** 32
      return weight / -Math.log(drawn)
    })
    const rank = this.servers.map((_, at) => (this.#isDown(at) ? 2 : this.#isFull(at) ? 1 : 0))
    const score = (at: number) => scores[at] as number
    return this.servers
      .map((_, at) => at)
      .sort((a, b) => (rank[a] as number) - (rank[b] as number) || score(b) - score(a) || a - b)
  }

  /** What a call has told about a server. */
  report(at: number, works: boolean): void {
    this.#health(at).downUntil = works ? 0 : this.now() + downMs
  }

  #health(at: number): ServerHealth {
    return (this.servers[at] as PoolServer).health
  }

  #isFull(at: number): boolean {
    const all = this.servers.reduce((sum, server) => sum + server.load(), 0)
    const { weight, load } = this.servers[at] as PoolServer
    return load() >= Math.ceil((excess * (all + 1) * weight) / this.#total)
  }

  #isDown(at: number): boolean {
    const until = this.#health(at).downUntil
    if (until === 0) return false
    if (this.now() < until) return true
    if (this.probe === undefined) return false
    if (!this.#probing.has(at)) void this.#probe(at, this.probe)
    return true
  }

  async #probe(at: number, probe: (at: number) => Promise<unknown>): Promise<void> {
    this.#probing.add(at)
    const works = await probe(at).then(
      () => true,
      () => false,
    )
    this.#probing.delete(at)
    this.report(at, works)
  }
}
