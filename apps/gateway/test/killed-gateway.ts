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
  kill(): Promise<void>
}

export async function gatewayProcess(config: Config, adminKey: string): Promise<GatewayProcess> {
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, GATEWAY: JSON.stringify(config), PATCHBAY_ADMIN_KEY: adminKey },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const [line] = await Promise.race([
    once(child.stdout as NodeJS.ReadableStream, 'data'),
    ended.then(() => {
      throw new Error('The gateway ended.')
    }),
  ])
  return {
    url: String(line).trim(),
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}
