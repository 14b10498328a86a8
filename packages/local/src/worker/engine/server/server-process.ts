// The process of a llama-server: start, readiness, end. It never outlives the worker, however that ends.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { JobError } from '../../failure.js'
import { type GuardedProcess, spawnGuarded } from './guarded-spawn.js'
import { type ServerAddress, ServerClient } from './server-client.js'
import { serverEnvironment } from './server-environment.js'

/** The program, if no path is given: `PATCHBAY_LLAMA_SERVER`, or the one that the system finds. */
export function serverProgram(path: string | undefined): string {
  return path ?? (process.env.PATCHBAY_LLAMA_SERVER || 'llama-server')
}

/** Text at the end of the server's log that is kept for errors. */
const keptLog = 4000

/** What a server logs once it has loaded, with the port that it took. */
const listeningPort = /listening on http:\/\/127\.0\.0\.1:(\d+)\s/

/** Receives what a server tells, and the server itself once it has been started, before it has loaded. */
export interface ServerListener {
  onLog?(line: string): void
  onStart?(server: ServerProcess): void
}

/**
 * How the worker reaches a server. `socket`: by a socket in a folder that only this user can enter. `port`: by a port of this
 * machine, which the server itself takes and tells in its log. So no other program can take it between a choice and its use;
 * on Windows, two programs could even listen on the same one.
 */
export type ServerReach = 'socket' | 'port'

export class ServerProcess {
  /** How the process ended. */
  #ended: { code: number | null; signal: NodeJS.Signals | null } | undefined
  #stopping = false
  #ready = false
  #log = ''
  #address: ServerAddress | undefined
  readonly client: ServerClient

  private constructor(
    private readonly guarded: GuardedProcess,
    address: ServerAddress | { key: string },
    /** A folder for files that the server and the worker share; removed with the process. */
    readonly folder: string,
    onLog: (line: string) => void,
  ) {
    if ('socketPath' in address) this.#address = address
    // A server that dies takes the worker with it. Until then, nobody is told that a connection broke.
    this.client = new ServerClient(
      () => this.#address,
      () => delay(2_000),
    )
    const { child, guard } = guarded
    guard?.on('close', () => this.#stopping || this.#die('The guard of llama-server ended.'))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-keptLog)
      const port = listeningPort.exec(this.#log)?.[1]
      if (port !== undefined) this.#address ??= { host: '127.0.0.1', port: Number(port), key: address.key }
      for (const line of text.split('\n')) if (line.trim() !== '') onLog(line)
    })
    // `close` would wait for the guard too.
    void Promise.all([once(child, 'exit'), once(child.stderr, 'close')]).then(([[code, signal]]) => {
      this.#ended = { code, signal }
      // One that ends by itself while it loads has a reason, which its log tells.
      if (this.#stopping || (!this.#ready && signal === null)) return
      this.#die(`llama-server ${signal === null ? `exited with code ${code}` : `died of ${signal}`}.`, signal)
    })
  }

  /**
   * Starts a server, and resolves when it has loaded its model.
   * @throws {JobError} `model-load` with the reason
   */
  static async start(
    path: string | undefined,
    args: string[],
    { onLog = () => {}, onStart = () => {} }: ServerListener = {},
    reach: ServerReach = process.platform === 'win32' ? 'port' : 'socket',
  ): Promise<ServerProcess> {
    const program = serverProgram(path)
    const folder = await mkdtemp(join(reach === 'socket' ? shortTmp() : tmpdir(), 'patchbay-llama-'))
    const key = randomBytes(24).toString('hex')
    const socketPath = join(folder, 'llama.sock')
    const where = reach === 'socket' ? ['--host', socketPath] : ['--host', '127.0.0.1', '--port', '0']
    const started = await spawnGuarded(program, [...args, '--slot-save-path', folder, ...where], {
      env: { ...serverEnvironment(), LLAMA_API_KEY: key },
      folder,
    }).catch(async (error: NodeJS.ErrnoException) => {
      await rm(folder, { recursive: true, force: true })
      throw notStarted(program, error)
    })
    const address = reach === 'socket' ? { socketPath, key } : { key }
    const server = new ServerProcess(started, address, folder, onLog)
    try {
      onStart(server)
      await server.#loaded()
    } catch (error) {
      await server.stop()
      throw error
    }
    server.#ready = true
    return server
  }

  get pid(): number | undefined {
    return this.guarded.child.pid
  }

  /** Resolves once the process answers; before it listens, at once. */
  async alive(): Promise<void> {
    await this.client.status('/health').catch(() => {})
  }

  /** Ends the process at once, and resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.client.close()
    await this.guarded.stop()
    await rm(this.folder, { recursive: true, force: true })
  }

  async #loaded(): Promise<void> {
    for (;;) {
      if (this.#ended !== undefined) throw this.#loadFailure(this.#ended.code)
      const status = await this.client.status('/health').catch(() => 0)
      if (status === 200) return
      await delay(20)
    }
  }

  #loadFailure(code: number | null): JobError {
    return new JobError(
      'model-load',
      `llama-server exited with code ${code} while loading its model: ${lastErrors(this.#log) || 'it wrote no reason'}`,
    )
  }

  /** Without its server, the worker is of no use: it ends too, and the app starts another one. */
  #die(why: string, signal?: string | null): void {
    writeSync(2, `${why} ${lastErrors(this.#log)}`)
    this.guarded.child.kill('SIGKILL')
    // The app has advice for this one: memory.
    if (signal === 'SIGKILL') process.kill(process.pid, signal)
    process.exit(1)
  }
}

function notStarted(program: string, { code, message }: NodeJS.ErrnoException): JobError {
  return new JobError(
    'model-load',
    code === 'ENOENT'
      ? `The program ${program} was not found. Install llama.cpp (brew install llama.cpp, winget install llama.cpp, or a build from https://github.com/ggml-org/llama.cpp/releases), or give its path as \`server\` or in PATCHBAY_LLAMA_SERVER.`
      : `The program ${program} could not be started (${code ?? message}).`,
  )
}

/** The lines that tell of errors, or the last ones. */
function lastErrors(log: string): string {
  const lines = log
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const errors = lines.filter((line) => /error|fail|unable|invalid|terminate|what\(\)/i.test(line))
  return (errors.length > 0 ? errors : lines).slice(-3).join('; ')
}

/** The name of a socket may have about 100 bytes. */
function shortTmp(): string {
  return Buffer.byteLength(tmpdir()) < 70 ? tmpdir() : '/tmp'
}
