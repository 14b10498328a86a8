// A gateway in a process of its own, as the package is built, to be killed at any moment.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Config } from '@patchbay/config'

const program = `
  import { loadConfig } from '@patchbay/config'
  import { serve } from '@patchbay/gateway'
  const config = JSON.parse(process.env.GATEWAY)
  const gateway = await serve({ loaded: await loadConfig({ config, user: false }), port: 0, onRequest: () => {} })
  console.log(gateway.url)`

export interface GatewayProcess {
  url: string
  /** What it wrote to standard error. */
  log(): string
  kill(): Promise<void>
}

/** Starts it. `maxBlocks`: blocks that a file may have, at most; writing more fails, as on a full disk. */
export async function gatewayProcess(
  config: Config,
  adminKey: string,
  maxBlocks?: number,
): Promise<GatewayProcess> {
  const node = [process.execPath, '--input-type=module', '-e', program]
  const limit = `ulimit -f ${maxBlocks ?? 'unlimited'} && exec "$@"`
  const child: ChildProcess = spawn('sh', ['-c', limit, 'sh', ...node], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, GATEWAY: JSON.stringify(config), PATCHBAY_ADMIN_KEY: adminKey },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  child.stderr?.on('data', (chunk) => {
    log += chunk
  })
  const ended = once(child, 'exit')
  const [line] = await Promise.race([
    once(child.stdout as NodeJS.ReadableStream, 'data'),
    ended.then(() => {
      throw new Error(`The gateway ended: ${log}`)
    }),
  ])
  return {
    url: String(line).trim(),
    log: () => log,
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}
