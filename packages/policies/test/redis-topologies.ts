// Real Redis servers in groups, for tests: a cluster, sentinels. They end with their test, or when `ends` says so.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@redis/client'
import { expect, onTestFinished, vi } from 'vitest'
import { freePort } from './redis.js'

/** When servers end: what it is given is called then. */
export type Ends = (stop: () => Promise<void>) => void

/** For servers of all tests of a file: `ends` and `end`, which is called after them. */
export function lifetime(): { ends: Ends; end: () => Promise<void> } {
  const stops: (() => Promise<void>)[] = []
  return {
    ends: (stop) => void stops.push(stop),
    end: async () => void (await Promise.all(stops.map((stop) => stop()))),
  }
}

/** Starts `redis-server` with these lines of configuration. */
export async function startServer(port: number, ...lines: string[]): Promise<ChildProcess> {
  return startUntil(onTestFinished, port, ...lines)
}

async function startUntil(ends: Ends, port: number, ...lines: string[]): Promise<ChildProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-redis-'))
  const file = join(folder, 'redis.conf')
  writeFileSync(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, 'save ""', ...lines].join('\n'))
  const isSentinel = lines.some((line) => line.startsWith('sentinel'))
  const child = spawn('redis-server', [file, ...(isSentinel ? ['--sentinel'] : [])], { stdio: 'ignore' })
  ends(async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    // A test may have ended it.
    if (child.kill('SIGKILL')) await ended
    rmSync(folder, { recursive: true, force: true })
  })
  return child
}

/** Sends a command on a connection of its own. */
export async function command(port: number, ...args: string[]): Promise<unknown> {
  const client = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: 50 } })
  client.on('error', () => {})
  await client.connect()
  try {
    return await client.sendCommand(args)
  } finally {
    client.destroy()
  }
}

/** Starts a cluster of three servers with these lines of configuration, and returns their ports. */
export async function startCluster(ends: Ends = onTestFinished, ...lines: string[]): Promise<number[]> {
  const ports = [await freePort(), await freePort(), await freePort()]
  const bus = await Promise.all(ports.map(() => freePort()))
  for (const [index, port] of ports.entries())
    await startUntil(ends, port, 'cluster-enabled yes', `cluster-port ${bus[index]}`, ...lines)
  const [first = 0] = ports
  const edges = [0, 5461, 10_923, 16_384]
  for (const [index, port] of ports.entries()) {
    await command(port, 'CLUSTER', 'ADDSLOTSRANGE', `${edges[index]}`, `${(edges[index + 1] as number) - 1}`)
    if (port !== first) await command(first, 'CLUSTER', 'MEET', '127.0.0.1', `${port}`, `${bus[index]}`)
  }
  await vi.waitFor(
    async () => {
      for (const port of ports)
        expect(await command(port, 'CLUSTER', 'INFO')).toMatch(/cluster_state:ok[\s\S]*cluster_known_nodes:3/)
    },
    { timeout: 60_000, interval: 200 },
  )
  return ports
}

/** Starts a sentinel of a primary, and returns its port. */
export function startSentinel(name: string, primary: number, ...lines: string[]): Promise<number> {
  return sentinelUntil(onTestFinished, name, primary, ...lines)
}

async function sentinelUntil(ends: Ends, name: string, primary: number, ...lines: string[]): Promise<number> {
  const port = await freePort()
  await startUntil(ends, port, `sentinel monitor ${name} 127.0.0.1 ${primary} 1`, ...lines)
  await vi.waitFor(() => command(port, 'SENTINEL', 'MASTERS'), { timeout: 30_000, interval: 100 })
  return port
}

/** A primary and its replica, which takes over when the primary dies. */
export interface Replicated {
  /** The address for a queue, or for `shared`. */
  redis: string
  primary: number
  replica: number
  /** From now on, what is written to the primary is lost with it. To be called just before `kill`. */
  loseWrites(): Promise<void>
  /** Freezes the replica, and lets it go on. */
  freezeReplica(): void
  resumeReplica(): void
  /** Kills the primary at once, as a crash does. */
  kill(): void
  /** Resolves when the replica is the primary. */
  failedOver(): Promise<void>
}

/** A primary and its replica behind a sentinel that fails over after a second; the port is the sentinel's, and `main` the primary's name. */
export async function startReplicated(
  ends: Ends = onTestFinished,
): Promise<Replicated & { sentinel: number }> {
  const [primary, replica] = [await freePort(), await freePort()]
  const first = await startUntil(ends, primary, 'repl-diskless-sync-delay 0')
  const second = await startUntil(ends, replica, `replicaof 127.0.0.1 ${primary}`)
  const soon = { timeout: 60_000, interval: 100 }
  await vi.waitFor(
    async () => expect(await command(replica, 'INFO', 'replication')).toMatch(/master_link_status:up/),
    soon,
  )
  const sentinel = await sentinelUntil(
    ends,
    'main',
    primary,
    'sentinel down-after-milliseconds main 1000',
    'sentinel failover-timeout main 5000',
  )
  await vi.waitFor(
    async () => expect(await command(sentinel, 'SENTINEL', 'REPLICAS', 'main')).toHaveLength(1),
    soon,
  )
  const redis = `redis+sentinel://127.0.0.1:${sentinel}/main`
  return { sentinel, ...replicatedRedis({ redis, primary, replica, first, second }) }
}

/** A cluster whose first server, which has the slots up to 5,460, has a replica. */
export async function startReplicatedCluster(ends: Ends = onTestFinished): Promise<Replicated> {
  const lines = ['cluster-node-timeout 1500', 'repl-diskless-sync-delay 0']
  const ports = await startCluster(ends, ...lines)
  const [primary = 0] = ports
  const [replica, bus] = [await freePort(), await freePort()]
  const second = await startUntil(ends, replica, 'cluster-enabled yes', `cluster-port ${bus}`, ...lines)
  await command(primary, 'CLUSTER', 'MEET', '127.0.0.1', `${replica}`, `${bus}`)
  const id = String(await command(primary, 'CLUSTER', 'MYID'))
  const soon = { timeout: 60_000, interval: 100 }
  await vi.waitFor(async () => expect(await command(replica, 'CLUSTER', 'NODES')).toContain(id), soon)
  await vi.waitFor(async () => expect(await command(replica, 'CLUSTER', 'REPLICATE', id)).toBe('OK'), soon)
  for (const port of ports)
    await vi.waitFor(async () => expect(await command(port, 'CLUSTER', 'NODES')).toMatch(/ slave /), soon)
  await vi.waitFor(
    async () => expect(await command(replica, 'INFO', 'replication')).toMatch(/master_link_status:up/),
    soon,
  )
  const [, pid] = /process_id:(\d+)/.exec(String(await command(primary, 'INFO', 'server'))) ?? []
  const first = { kill: (signal: NodeJS.Signals) => process.kill(Number(pid), signal) }
  const redis = `redis+cluster://${ports.map((port) => `127.0.0.1:${port}`).join(',')}`
  return replicatedRedis({ redis, primary, replica, first, second })
}

interface Killable {
  kill(signal: NodeJS.Signals): boolean
}

function replicatedRedis({
  first,
  second,
  ...rest
}: Pick<Replicated, 'redis' | 'primary' | 'replica'> & { first: Killable; second: Killable }): Replicated {
  const { primary, replica } = rest
  return {
    ...rest,
    async loseWrites() {
      // Frozen, it does not connect again.
      second.kill('SIGSTOP')
      await command(primary, 'CLIENT', 'KILL', 'TYPE', 'replica')
    },
    freezeReplica: () => void second.kill('SIGSTOP'),
    resumeReplica: () => void second.kill('SIGCONT'),
    kill() {
      first.kill('SIGKILL')
      second.kill('SIGCONT')
    },
    failedOver: () =>
      vi.waitFor(async () => expect(await command(replica, 'ROLE')).toContain('master'), {
        timeout: 90_000,
        interval: 100,
      }),
  }
}
