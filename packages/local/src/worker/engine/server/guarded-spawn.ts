// A child process that never outlives this one, however and whenever this one ends.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

/**
 * A shell that leaves a guard behind and becomes the program itself, with the same process id: there is no moment at which the
 * program runs and nobody guards it. The guard reads descriptor 3, whose other end this process alone holds. At its end, it
 * kills the program and removes its folder.
 */
const script = `(read -r _; kill -9 $$; [ -z "$0" ] || PATH="$PATH:/usr/bin:/bin" rm -rf -- "$0") <&3 >/dev/null 2>&1 3<&- &
exec "$@" 3<&-`

export interface GuardedProcess {
  readonly child: ChildProcess & { stdout: Readable | null; stderr: Readable }
  /** Ends when the guard has ended, which nobody else should do. Windows has none: its processes end with this one by themselves. */
  readonly guard: Writable | undefined
  /** Kills the process and lets the guard go; resolves when both have ended. */
  stop(): Promise<void>
}

export interface GuardedOptions {
  env: NodeJS.ProcessEnv
  /** Removed after the process has ended. */
  folder?: string
  stdout?: 'pipe' | 'ignore'
}

/**
 * Starts a program, and resolves when there is a process for it.
 * @throws the system's error if there is no such program, or if it may not be run
 */
export async function spawnGuarded(
  program: string,
  args: string[],
  { env, folder = '', stdout = 'ignore' }: GuardedOptions,
): Promise<GuardedProcess> {
  const windows = process.platform === 'win32'
  const child = windows
    ? spawn(program, args, { stdio: ['ignore', stdout, 'pipe'], env, windowsHide: true })
    : spawn('/bin/sh', ['-c', script, folder, await findProgram(program), ...args], {
        stdio: ['ignore', stdout, 'pipe', 'pipe'],
        // Signals of a terminal go to its whole process group; the app decides when its server ends.
        detached: true,
        env,
      })
  const guard = windows ? undefined : (child.stdio[3] as (Readable & Writable) | undefined)
  guard?.on('error', () => {}).resume()
  // A kill that fails: it has ended.
  child.on('error', () => {})
  await once(child, 'spawn')
  const guardEnded = guard && once(guard, 'close')
  return {
    child: child as GuardedProcess['child'],
    guard,
    async stop() {
      child.kill('SIGKILL')
      guard?.end()
      const ended = child.exitCode !== null || child.signalCode !== null
      await Promise.all([!ended && once(child, 'exit'), guardEnded])
    },
  }
}

/**
 * The path of a program, as the system's own search finds it: a shell could not tell why it did not.
 * @throws the system's error
 */
async function findProgram(program: string): Promise<string> {
  if (program.includes('/')) return runnable(program)
  let failure: unknown
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    try {
      return await runnable(join(folder || '.', program))
    } catch (error) {
      // One that may not be run says more than one that is not there.
      if (failure === undefined || (error as NodeJS.ErrnoException).code === 'EACCES') failure = error
    }
  }
  throw failure ?? Object.assign(new Error(`${program} was not found`), { code: 'ENOENT' })
}

async function runnable(path: string): Promise<string> {
  await access(path, constants.X_OK)
  if ((await stat(path)).isFile()) return path
  throw Object.assign(new Error(`${path} is not a file`), { code: 'EACCES' })
}
