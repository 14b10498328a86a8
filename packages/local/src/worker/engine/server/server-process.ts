// The process of a llama-server: start, readiness, end. It never outlives the worker, however that ends.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { JobError } from '../../failure.js'
import { type ServerAddress, ServerClient } from './server-client.js'
import { serverEnvironment } from './server-environment.js'

/** The program, if no path is given: `PATCHBAY_LLAMA_SERVER`, or the one that the system finds. */
export function serverProgram(path: string | undefined): string {
  return path ?? (process.env.PATCHBAY_LLAMA_SERVER || 'llama-server')
}

/**
 * Kills the server when its own standard input ends, which the worker alone holds, and removes the server's folder. Windows
 * needs none: there, a process ends with the one that started it.
 */
const guardian = 'read -r pid; read -r folder; cat >/dev/null; kill -9 "$pid"; rm -rf -- "$folder"'

/** Text at the end of the server's log that is kept for errors. */
const keptLog = 4000

/** Receives what a server tells, and the server itself once it has been started, before it has loaded. */
export interface ServerListener {
  onLog?(line: string): void
  onStart?(server: ServerProcess): void
}

export class ServerProcess {
  /** How the process ended. */
  #ended: { code: number | null; signal: NodeJS.Signals | null } | undefined
  #stopping = false
  #ready = false
  #log = ''
  readonly #guardian: ChildProcess | undefined
  readonly client: ServerClient

  private constructor(
    private readonly child: ChildProcess,
    address: ServerAddress,
    /** A folder for files that the server and the worker share; removed with the process. */
    readonly folder: string,
    guardian: ChildProcess | undefined,
    onLog: (line: string) => void,
  ) {
    this.#guardian = guardian
    // A server that dies takes the worker with it. Until then, nobody is told that a connection broke.
    this.client = new ServerClient(address, () => delay(2_000))
    guardian?.stdin?.on('error', () => {})
    guardian?.stdin?.write(`${child.pid}\n${folder}\n`)
    guardian?.on('exit', () => this.#stopping || this.#die('The guardian of llama-server ended.'))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-keptLog)
      for (const line of text.split('\n')) if (line.trim() !== '') onLog(line)
    })
    child.on('close', (code, signal) => {
      this.#ended = { code, signal }
      if (this.#stopping || !this.#ready) return
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
  ): Promise<ServerProcess> {
    const program = serverProgram(path)
    const folder = await mkdtemp(
      join(process.platform === 'win32' ? tmpdir() : shortTmp(), 'patchbay-llama-'),
    )
    const key = randomBytes(24).toString('hex')
    const address: ServerAddress =
      process.platform === 'win32'
        ? { host: '127.0.0.1', port: await freePort(), key }
        : { socketPath: join(folder, 'llama.sock'), key }
    const watcher =
      process.platform === 'win32'
        ? undefined
        : spawn('sh', ['-c', guardian], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    const where =
      'port' in address
        ? ['--host', address.host, '--port', String(address.port)]
        : ['--host', address.socketPath]
    const child = spawn(program, [...args, '--slot-save-path', folder, ...where], {
      stdio: ['ignore', 'ignore', 'pipe'],
      // Signals of a terminal go to its whole process group; the app decides when its server ends.
      detached: process.platform !== 'win32',
      env: { ...serverEnvironment(), LLAMA_API_KEY: key },
    })
    const server = new ServerProcess(child, address, folder, watcher, onLog)
    try {
      await started(child, program)
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
    return this.child.pid
  }

  /** Resolves once the process answers; before it listens, at once. */
  async alive(): Promise<void> {
    await this.client.status('/health').catch(() => {})
  }

  /** Ends the process at once, and resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.client.close()
    this.child.kill('SIGKILL')
    this.#guardian?.stdin?.end()
    await Promise.all([ended(this.child), this.#guardian && ended(this.#guardian)])
  }

  async #loaded(): Promise<void> {
    for (;;) {
      if (this.#ended !== undefined) throw this.#loadFailure(this.#ended)
      const status = await this.client.status('/health').catch(() => 0)
      if (status === 200) return
      await delay(20)
    }
  }

  #loadFailure({ code, signal }: { code: number | null; signal: string | null }): JobError {
    const how = signal === null ? `exited with code ${code}` : `died of ${signal}`
    return new JobError(
      'model-load',
      `llama-server ${how} while loading its model: ${lastErrors(this.#log) || 'it wrote no reason'}`,
    )
  }

  /** Without its server, the worker is of no use: it ends too, and the app starts another one. */
  #die(why: string, signal?: string | null): void {
    writeSync(2, `${why} ${lastErrors(this.#log)}`)
    // The app has advice for this one: memory.
    if (signal === 'SIGKILL') process.kill(process.pid, signal)
    process.exit(1)
  }
}

/** Resolves when the process has ended, or if there has never been one. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  await new Promise((resolve) => child.once('exit', resolve))
}

/** Resolves when the process runs. */
function started(child: ChildProcess, program: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new JobError(
          'model-load',
          error.code === 'ENOENT'
            ? `The program ${program} was not found. Install llama.cpp (brew install llama.cpp, winget install llama.cpp, or a build from https://github.com/ggml-org/llama.cpp/releases), or give its path as \`server\` or in PATCHBAY_LLAMA_SERVER.`
            : `The program ${program} could not be started (${error.code ?? error.message}).`,
        ),
      ),
    )
  })
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

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
