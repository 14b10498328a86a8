// A gateway in a process of its own, as the package is built, to be killed at any moment.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Config } from '@patchbay/config'

const program = `
  import { loadConfig } from '@patchbay/config'
  import { serve } from '@patchbay/gateway'
  import { createInterface } from 'node:readline'
  const load = (text) => loadConfig({ config: JSON.parse(text), user: false })
  const gateway = await serve({ loaded: await load(process.env.GATEWAY), port: 0, onRequest: () => {} })
  console.log(gateway.url)
  for await (const line of createInterface({ input: process.stdin }))
    if (line === 'memory') {
      gc()
      const { rss, heapUsed, external } = process.memoryUsage()
      console.log(JSON.stringify({ rss, heapUsed, external }))
    } else {
      gateway.reload(await load(line))
      console.log('{}')
    }`

/** Bytes. */
export interface Memory {
  rss: number
  heapUsed: number
  external: number
}

export interface GatewayProcess {
  url: string
  /** What it wrote to standard error. */
  log(): string
  /** Gives it another configuration. */
  reload(config: Config): Promise<void>
  /** What it takes, after a collection. */
  memory(): Promise<Memory>
  kill(): Promise<void>
}

/** Starts it. `maxBlocks`: blocks that a file may have, at most; writing more fails, as on a full disk. */
export async function gatewayProcess(
  config: Config,
  adminKey: string,
  maxBlocks?: number,
): Promise<GatewayProcess> {
  const node = [process.execPath, '--expose-gc', '--input-type=module', '-e', program]
  const limit = `ulimit -f ${maxBlocks ?? 'unlimited'} && exec "$@"`
  const child: ChildProcess = spawn('sh', ['-c', limit, 'sh', ...node], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, GATEWAY: JSON.stringify(config), PATCHBAY_ADMIN_KEY: adminKey },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let log = ''
  child.stderr?.on('data', (chunk) => {
    log += chunk
  })
  const ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout as Readable })[Symbol.asyncIterator]()
  const failed = ended.then((): never => {
    throw new Error(`The gateway ended: ${log}`)
  })
  failed.catch(() => {})
  const nextLine = async () => String((await Promise.race([lines.next(), failed])).value)
  const line = await nextLine()
  // One after the other: each has one line of answer.
  let asked: Promise<unknown> = Promise.resolve()
  const tell = (text: string): Promise<string> => {
    const answer = asked.then(() => {
      child.stdin?.write(`${text}\n`)
      return nextLine()
    })
    asked = answer.catch(() => {})
    return answer
  }
  child.stdin?.on('error', () => {})
  return {
    url: line.trim(),
    log: () => log,
    reload: async (next) => void (await tell(JSON.stringify(next))),
    memory: async () => JSON.parse(await tell('memory')) as Memory,
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}
