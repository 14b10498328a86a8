// Splits a configured server address into the URL, which may be shown, and the credentials and query of its requests.
import { LlmError } from '../../contract/errors.js'
import { withoutKeys } from '../secrets/known-keys.js'
import { decodePercent } from './percent-decoding.js'
import { toBase64 } from './platform.js'

/** The parts of an address; `baseURL` contains no password and no key. */
export interface ServerAddress {
  /** Without user, password and query. */
  baseURL: string
  /** The user and password of the address, as basic authentication (RFC 7617). */
  authorization?: string
  /** The query, added to every request: `api-version=…`, or a key. */
  query: string
}

/**
 * Splits an address.
 * @throws {LlmError} `config` for an invalid address, without quoting its password
 */
export function serverAddress(text: string, example: string): ServerAddress {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new LlmError(
      'config',
      `${JSON.stringify(shown(text))} is not the address of a server. Pass baseURL, for example ${example}.`,
    )
  const url = new URL(text)
  const { username, password, search } = url
  if (username === '' && password === '' && search === '') return { baseURL: text, query: '' }
  const pair = `${decodePercent(username)}:${decodePercent(password)}`
  url.username = ''
  url.password = ''
  url.search = ''
  url.hash = ''
  return {
    // Keeps or omits the trailing slash as it was written.
    baseURL: url.pathname === '/' && !/\/([?#]|$)/.test(text) ? url.origin : url.href,
    ...(pair !== ':' && { authorization: `Basic ${toBase64(new TextEncoder().encode(pair))}` }),
    query: search.slice(1),
  }
}

/** The address with the server's query added. */
export function withQuery(url: string, query: string): string {
  if (query === '') return url
  return `${url}${url.includes('?') ? '&' : '?'}${query}`
}

/** An invalid address for a message, without anything that may be a password or a key. */
function shown(text: string): string {
  return withoutKeys(text.replace(/^.*@/s, '…@').replace(/[?#].*$/s, '?…'))
}
