// Whose pages may ask. A page of another site must not have a gateway of this machine answer it: not under a name of its
// own that leads here (DNS rebinding), and not across origins, where it could not read the answer but would have it made.
import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { refused } from '../answer/http-status.js'
import { warningsHeader } from '../answer/warnings.js'
import { ignoredHeader } from '../body/fields.js'

const thisMachine = /^(127(\.\d+){3}|localhost|\[::1\])$/

/** Is it a name or an address of this machine alone? */
export function isThisMachine(host: string): boolean {
  return thisMachine.test(host) || host === '::1'
}

/** Where a gateway stands. */
export interface Place {
  /** Only this machine can reach it: then the name it is asked by tells who asks. */
  loopback: boolean
  origins: readonly string[]
  hosts: readonly string[]
}

/** Refuses strangers with 403, and lets the pages that may ask read what is answered. */
export function border({ loopback, origins, hosts }: Place): MiddlewareHandler {
  const readable = cors({
    // Only those that may ask come so far.
    origin: (origin) => origin,
    // None named: those that the page wants to send. The official clients send a dozen of their own.
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
    if (loopback && !isOurs(hostname)) throw refused(`This gateway does not answer for ${hostname}.`, 403)
    if (origin === undefined) return next()
    const from = URL.canParse(origin) ? new URL(origin) : undefined
    const isNamed = origins.includes(origin) || (from !== undefined && hosts.includes(from.hostname))
    const isOfThisMachine = loopback && origins.length === 0 && thisMachine.test(from?.hostname ?? '')
    if (from?.host !== host && !isNamed && !isOfThisMachine)
      throw refused(
        `This gateway does not answer for pages of ${origin}. The gateway's operator can name them in gateway.origins.`,
        403,
      )
    return readable(context, next)
  }
}
