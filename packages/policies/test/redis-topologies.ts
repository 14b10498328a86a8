// Real Redis servers in groups, for tests: a cluster, sentinels. They end with their test.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@redis/client'
import { expect, onTestFinished, vi } from 'vitest'
import { freePort } from './redis.js'

/** Starts `redis-server` with these lines of configuration. */
export async function startServer(port: number, ...lines: string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-redis-'))
  const file = join(folder, 'redis.conf')
  writeFileSync(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, 'save ""', ...lines].join('\n'))
  const isSentinel = lines.some((line) => line.startsWith('sentinel'))
  const child = spawn('redis-server', [file, ...(isSentinel ? ['--sentinel'] : [])], { stdio: 'ignore' })
  onTestFinished(async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    // A test may have ended it.
    if (child.kill('SIGKILL')) await ended
    rmSync(folder, { recursive: true, force: true })
  })
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
export async function startCluster(): Promise<number[]> {
  const ports = [await freePort(), await freePort(), await freePort()]
  const bus = await Promise.all(ports.map(() => freePort()))
  for (const [index, port] of ports.entries())
    await startServer(port, 'cluster-enabled yes', `cluster-port ${bus[index]}`)
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
export async function startSentinel(name: string, primary: number, ...lines: string[]): Promise<number> {
  const port = await freePort()
  await startServer(port, `sentinel monitor ${name} 127.0.0.1 ${primary} 1`, ...lines)
  await vi.waitFor(() => command(port, 'SENTINEL', 'MASTERS'), { timeout: 30_000, interval: 100 })
  return port
}
