// A real Redis for tests, if Debian's `redis-server` is installed.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@redis/client'

export const hasRedis = spawnSync('redis-server', ['--version']).status === 0
if (!hasRedis)
  process.stderr.write(
    'Skipped: tests with a real Redis. redis-server is not installed (apt install redis-server).\n',
  )

export type Client = ReturnType<typeof clientOf>

export interface Redis {
  url: string
  /** Another connection. */
  connect(): Promise<Client>
  /** Stops it from answering, as if its machine were frozen; connections stay. */
  pause(): void
  resume(): void
  /** Kills it at once, as a crash does; another can be started at the same port. */
  kill(): Promise<void>
  stop(): Promise<void>
}

export async function startRedis(at?: number): Promise<Redis> {
  const folder = await mkdtemp(join(tmpdir(), 'patchbay-redis-'))
  const port = at ?? (await freePort())
  const server = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    let output = ''
    server.stdout.on('data', (chunk) => {
      output += chunk
      if (output.includes('Ready to accept connections')) resolve()
    })
    void ended.then(() => reject(new Error(`redis-server ended: ${output}`)))
  })
  const url = `redis://127.0.0.1:${port}`
  const clients: Client[] = []
  return {
    url,
    async connect() {
      const client = clientOf(url)
      // Commands fail by themselves when the server is gone; that is what tests look at.
      client.on('error', () => {})
      await client.connect()
      clients.push(client)
      return client
    },
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    async kill() {
      server.kill('SIGKILL')
      await ended
    },
    async stop() {
      server.kill('SIGCONT')
      for (const client of clients) if (client.isOpen) client.destroy()
      server.kill()
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function clientOf(url: string) {
  return createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: false } })
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
