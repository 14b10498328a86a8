// The gateway on a socket: where it listens, and how it ends.
import type { AddressInfo, Server } from 'node:net'
import { serve as listen } from '@hono/node-server'
import { LlmError } from '@patchbay/core'
import { type GatewayOptions, gateway } from './gateway.js'

/** Options of `serve`. */
export interface ServeOptions extends GatewayOptions {
  /** Default 8787; 0 takes a free one. */
  port?: number
  /** Default `127.0.0.1`. There are no keys yet, so it listens to this machine only. */
  host?: string
}

/** A gateway that listens. */
export interface Served {
  /** For example `http://127.0.0.1:8787`. */
  readonly url: string
  /** Takes no more requests, waits for those that run, and closes all providers. */
  close(): Promise<void>
}

/** @throws {LlmError} `config` for a host that is not this machine, or a port that is taken */
export async function serve({ port = 8787, host = '127.0.0.1', ...options }: ServeOptions): Promise<Served> {
  if (!/^(127(\.\d+){3}|localhost|::1)$/.test(host))
    throw new LlmError(
      'config',
      `The gateway has no keys yet, so it does not listen on ${host}: anybody could ask. Use 127.0.0.1.`,
    )
  const own = gateway(options)
  const server = await new Promise<Server>((resolve, reject) => {
    const listening = listen({ fetch: (request) => guarded(request, own.fetch), port, hostname: host }, () =>
      resolve(listening as Server),
    )
    listening.on('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'is taken' : `cannot be listened on (${cause.message})`
      reject(
        new LlmError('config', `Port ${port} of ${host} ${why}. Take another: --port 0 finds one.`, {
          cause,
        }),
      )
    })
  })
  const { port: taken } = server.address() as AddressInfo
  let closing: Promise<void> | undefined
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    close: () => {
      closing ??= new Promise<void>((resolve) => server.close(() => resolve())).then(() => own.close())
      return closing
    },
  }
}

const here = /^(127(\.\d+){3}|localhost|\[::1\])$/

/**
 * Pages of other sites must not ask: not under a name of theirs that leads to this machine (DNS rebinding), and not
 * across origins, where they could not read the answer but would have it made.
 */
function guarded(
  request: Request,
  fetch: (request: Request) => Response | Promise<Response>,
): Response | Promise<Response> {
  const { hostname } = new URL(request.url)
  const origin = request.headers.get('origin')
  const from = origin === null ? hostname : URL.canParse(origin) ? new URL(origin).hostname : origin
  const stranger = [hostname, from].find((name) => !here.test(name))
  if (stranger === undefined) return fetch(request)
  const message = `This gateway does not answer for ${stranger}.`
  return Response.json({ error: { message, type: 'invalid_request_error' } }, { status: 403 })
}
