// Origins of pages and names of hosts, in the one form in which browsers send them: in another they would match nothing.

import type { GatewayEntry } from '../types.js'
import { wrong } from './config-error.js'

/**
 * Refuses origins and hosts in a form that browsers never send.
 * @throws {LlmError} `config` with the right form
 */
export function checkWebNames({ origins = [], hosts = [] }: GatewayEntry, where: string): void {
  check(origins, originOf, 'https://app.example', `${where}.origins`)
  check(hosts, hostOf, 'gateway.example', `${where}.hosts`)
}

function check(given: string[], formOf: (one: string) => string, example: string, where: string): void {
  for (const [index, one] of given.entries()) {
    const form = formOf(one)
    if (form === one) continue
    const right = form === '' ? `like ${JSON.stringify(example)}` : JSON.stringify(form)
    throw wrong(`${where}[${index}] must be ${right}, as browsers send it, not ${JSON.stringify(one)}.`)
  }
}

// Source: html.spec.whatwg.org, "serialization of an origin": no path, no port that its scheme has anyway, all in small
// letters. Pages without an origin (files, sandboxes) send `null`; extensions and apps have schemes of their own.
function originOf(given: string): string {
  if (given === 'null') return given
  const { origin, protocol, host } = URL.canParse(given)
    ? new URL(given)
    : { origin: 'null', protocol: '', host: '' }
  if (origin !== 'null') return origin
  return host === '' ? '' : `${protocol}//${host}`
}

function hostOf(given: string): string {
  const url = `http://${given}`
  return URL.canParse(url) ? new URL(url).hostname : ''
}
