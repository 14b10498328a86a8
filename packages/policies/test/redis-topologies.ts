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

/** Starts a cluster of three servers, and returns their ports. */
export async function startCluster(ends: Ends = onTestFinished): Promise<number[]> {
  const ports = [await freePort(), await freePort(), await freePort()]
  const bus = await Promise.all(ports.map(() => freePort()))
  for (const [index, port] of ports.entries())
    await startUntil(ends, port, 'cluster-enabled yes', `cluster-port ${bus[index]}`)
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

/** A primary and its replica behind a sentinel that fails over after a second. */
export interface Replicated {
  /** The sentinel's port. Its primary is called `main`. */
  sentinel: number
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

export async function startReplicated(ends: Ends = onTestFinished): Promise<Replicated> {
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
  return {
    sentinel,
    primary,
    replica,
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
