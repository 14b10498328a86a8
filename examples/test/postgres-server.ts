// A Postgres server of its own in a temporary folder, reached by a socket there.
import { execFile, spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** Postgres refuses to run as root; nobody can. */
const nobody = 65_534
const user = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {}

/** The command, where this machine has it. */
function commandOf(name: string): string | undefined {
  const { status } = spawnSync(name, ['--version'], { stdio: 'ignore' })
  return status === 0 ? name : undefined
}

/** Why there is no server on this machine; `undefined` if there can be one. */
export function missingPostgres(): string | undefined {
  if (process.platform === 'win32') return 'sockets in a folder are not for Windows'
  const missing = ['initdb', 'postgres'].filter((name) => commandOf(name) === undefined)
  return missing.length === 0 ? undefined : `${missing.join(' and ')} not installed`
}

/** A server that runs. */
export interface Postgres {
  /** What a client needs. */
  env: Record<string, string>
  /** The same as an address. */
  url: string
  /** Stops it from answering, as if its machine were frozen; connections stay. */
  pause(): void
  resume(): void
  stop(): Promise<void>
}

/** Starts the server. */
export async function startPostgres(): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), 'pg-'))
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  await run('initdb', ['-D', data, '-U', 'app', '--auth=trust', '--no-sync', '-E', 'UTF8'], {
    ...user,
    cwd: folder,
  })
  const server = spawn('postgres', ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off'], {
    ...user,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    let log = ''
    server.stderr.on('data', (chunk) => {
      log += chunk
      if (log.includes('ready to accept connections')) resolve()
    })
    void ended.then(() => reject(new Error(`Postgres ended: ${log}`)))
  })
  return {
    env: { PGHOST: folder, PGUSER: 'app', PGDATABASE: 'postgres' },
    url: `postgres://app@localhost/postgres?host=${folder}`,
    // Each connection has a process of its own.
    pause: () => signal(server.pid, 'SIGSTOP'),
    resume: () => signal(server.pid, 'SIGCONT'),
    stop: async () => {
      signal(server.pid, 'SIGCONT')
      server.kill('SIGINT')
      await ended
      if (existsSync(folder)) rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Sends a signal to the server and to the processes of its connections. */
function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
  for (const one of [String(pid), ...(stdout ?? '').split('\n')]) {
    if (one.trim() === '') continue
    try {
      process.kill(Number(one), name)
    } catch {
      // It has ended.
    }
  }
}
