// Replication: what a server with replicas has been told is not theirs at once, and a failover in between loses it.
import { Cluster, type Redis } from 'ioredis'
import type { Connection } from './connection.js'

// The longest wait for a replica, in milliseconds; shorter than the time limit of a command.
const waitMs = 4000

/** Which history of writes each server has. After a failover it is another one. */
export async function historyOf(redis: Connection): Promise<string> {
  const histories = await Promise.all(
    serversOf(redis).map(async (server) => (await replicationOf(server)).history),
  )
  return histories.sort().join(' ')
}

/**
 * Waits until a replica has what was written over this connection, if there is one. A frozen replica is waited for four seconds.
 * @throws {Error} if the history is not the given one: what was written may be lost
 */
export async function waitForReplica(redis: Connection, history: string): Promise<void> {
  await Promise.all(
    serversOf(redis).map(async (server) => {
      if ((await replicationOf(server)).hasReplicas) await server.wait(1, waitMs)
    }),
  )
  if ((await historyOf(redis)) !== history) throw new Error('it failed over meanwhile')
}

const serversOf = (redis: Connection): Redis[] => (redis instanceof Cluster ? redis.nodes('master') : [redis])

async function replicationOf(server: Redis): Promise<{ history: string; hasReplicas: boolean }> {
  // Services and proxies may not allow this command; then nothing is known, and nothing is waited for.
  const text = await server.info('replication').catch((error: Error) => {
    if (error.name === 'ReplyError') return ''
    throw error
  })
  return {
    history: /^master_replid:(\w+)/m.exec(text)?.[1] ?? '',
    hasReplicas: /^connected_slaves:[1-9]/m.test(text),
  }
}
