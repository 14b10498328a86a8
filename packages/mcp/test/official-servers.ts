// Starts servers of the official SDK as processes: the everything-server in each of its three ways, and one behind OAuth.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { ProcessServer, RemoteServer } from '../src/index.js'

const require = createRequire(import.meta.url)
const program = join(
  dirname(require.resolve('@modelcontextprotocol/server-everything/package.json')),
  'dist/index.js',
)

/** The server as `mcpTools` starts it. */
export const everythingProcess: ProcessServer = { command: process.execPath, args: [program, 'stdio'] }

/** The everything-server over HTTP at a port of its own, and what ends it. */
export async function everythingOverHttp(
  way: 'streamableHttp' | 'sse',
): Promise<{ server: RemoteServer; kill: () => Promise<void> }> {
  const announce = new URL('announce-port.mjs', import.meta.url).href
  const { origin, kill } = await started([`--import=${announce}`, program, way])
  return { server: { url: `${origin}/${way === 'sse' ? 'sse' : 'mcp'}` }, kill }
}

/** A server that wants a sign-in. */
export async function oauthServer(): Promise<string> {
  return (await started([fileURLToPath(new URL('oauth-server.mjs', import.meta.url))])).origin
}

/** A program that says at which port it listens. */
async function started(args: string[]): Promise<{ origin: string; kill: () => Promise<void> }> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  onTestFinished(kill)
  const port = await new Promise<string>((resolve, reject) => {
    let printed = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      const [, found] = /listening at port (\d+)\n/.exec(printed) ?? []
      if (found !== undefined) resolve(found)
    })
    child.once('exit', () => reject(new Error(`The server ended: ${printed}`)))
  })
  return { origin: `http://127.0.0.1:${port}`, kill }
}
