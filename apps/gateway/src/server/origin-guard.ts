// Origin guard: which web pages may use the gateway. A page of another site must not reach a gateway on this machine: not
// under its own name that resolves to here (DNS rebinding), and not across origins, where it could not read the answer
// but would still cause the call.
import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { requestError } from '../answer/http-status.js'
import { warningsHeader } from '../answer/warnings.js'
import { ignoredHeader } from '../body/fields.js'

const thisMachine = /^(127(\.\d+){3}|localhost|\[::1\])$/

/** Whether a host name or address is this machine's own (loopback). */
export function isThisMachine(host: string): boolean {
  return thisMachine.test(host) || host === '::1'
}

/** What the origin guard checks against. */
export interface GuardOptions {
  /** Whether only this machine can reach the gateway; then the requested host name is checked too. */
  loopback: boolean
  origins: readonly string[]
  hosts: readonly string[]
}

/** Refuses other origins with 403, and sends CORS headers to the allowed ones. */
export function originGuard({ loopback, origins, hosts }: GuardOptions): MiddlewareHandler {
  const readable = cors({
    // Only allowed origins get this far.
    origin: (origin) => origin,
    // Empty: all headers that the page wants to send. The official clients send a dozen of their own.
    allowHeaders: [],
    exposeHeaders: [
      ...['x-request-id', 'request-id', 'retry-after', 'retry-after-ms'],
      ...[warningsHeader, ignoredHeader],
    ],
    maxAge: 600,
  })
  const isOurs = (name: string) => thisMachine.test(name) || hosts.includes(name)
  return async (context, next) => {
    const { host, hostname } = new URL(context.req.url)
    const origin = context.req.header('origin')
    if (loopback && !isOurs(hostname))
      throw requestError(`This gateway does not answer for ${hostname}.`, 403)
    if (origin === undefined) return next()
    const from = URL.canParse(origin) ? new URL(origin) : undefined
    const isNamed = origins.includes(origin) || (from !== undefined && hosts.includes(from.hostname))
    const isOfThisMachine = loopback && origins.length === 0 && thisMachine.test(from?.hostname ?? '')
    if (from?.host !== host && !isNamed && !isOfThisMachine)
      throw requestError(
        `This gateway does not answer for pages of ${origin}. The gateway's operator can name them in gateway.origins.`,
        403,
      )
    return readable(context, next)
  }
}
