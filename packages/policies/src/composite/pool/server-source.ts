// What a pool asks for its servers.

/** The servers of a pool at one moment. */
export interface FoundServers {
  /** As `host` or `host:port`; whatever stands here is what `connect` gets. */
  servers: readonly string[]
  /** Milliseconds after which they are looked up again. */
  forMs: number
}

/** Looks up the servers of a pool. While it fails or finds none, the pool keeps those that it has. */
export type ServerSource = () => Promise<FoundServers>
