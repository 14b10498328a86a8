// A cluster's client of `redis` asks which servers there are only when one of them says MOVED (read in @redis/client 5.12.1, November 2026).
// A primary that is dead never does, so after a failover its keys would be out of reach for ever.

/** A client of `createCluster()`. */
interface ClusterClient {
  readonly nodeByAddress: unknown
  sendCommand(firstKey: undefined, isReadonly: boolean, args: string[]): Promise<unknown>
}

// Between two questions, in milliseconds.
const pauseMs = 200

/** For a client of a cluster: to be called with a key whose server cannot be reached. Undefined for other clients. */
export function rediscoveryOf(client: object): ((key: string) => void) | undefined {
  if (!('nodeByAddress' in client)) return undefined
  const cluster = client as ClusterClient
  let isAsking = false
  let askedAt = 0
  return (key) => {
    if (isAsking || Date.now() - askedAt < pauseMs) return
    isAsking = true
    // Without a first key, the client asks any server. One that does not have the key says MOVED.
    cluster
      .sendCommand(undefined, false, ['EXISTS', key])
      .catch(() => {})
      .finally(() => {
        isAsking = false
        askedAt = Date.now()
      })
  }
}
