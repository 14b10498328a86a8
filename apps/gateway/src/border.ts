// Whose pages may ask. A page of another site must not have a gateway of this machine answer it: not under a name of its
// own that leads here (DNS rebinding), and not across origins, where it could not read the answer but would have it made.
import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { refused } from './failures.js'

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

/** Refuses strangers with 403, and lets the named origins read what is answered. */
export function border({ loopback, origins, hosts }: Place): MiddlewareHandler {
  const named = cors({
    origin: (origin) => (origins.includes(origin) ? origin : null),
    allowHeaders: ['authorization', 'content-type', 'x-api-key', 'anthropic-version', 'anthropic-beta'],
    exposeHeaders: ['x-request-id', 'retry-after', 'retry-after-ms'],
    maxAge: 600,
  })
  return async (context, next) => {
    const { host, hostname } = new URL(context.req.url)
    const origin = context.req.header('origin')
    const ours = (name: string) => thisMachine.test(name) || hosts.includes(name)
    const from = origin !== undefined && URL.canParse(origin) ? new URL(origin) : undefined
    if (loopback && !ours(hostname)) throw refused(`This gateway does not answer for ${hostname}.`, 403)
    const welcome =
      origin === undefined ||
      origins.includes(origin) ||
      from?.host === host ||
      (loopback && from !== undefined && ours(from.hostname))
    if (!welcome) throw refused(`This gateway does not answer for ${origin}.`, 403)
    return origins.length > 0 ? named(context, next) : next()
  }
}
