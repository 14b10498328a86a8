// A server's address as its user wrote it: where it is, and what of it every request must carry.
import { LlmError } from '../errors.js'
import { toBase64 } from './platform.js'

/** An address, taken apart: no password and no key stands in what is shown of it. */
export interface ServerAddress {
  /** Without a user, a password and a query. */
  baseURL: string
  /** The user and password of the address, as basic authentication (RFC 7617). */
  authorization?: string
  /** The query, for every request: `api-version=…`, or a key. */
  query: string
}

/**
 * An address without what must not be shown, and that beside it.
 * @throws {LlmError} `config` for what is not an address, told without its password
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
  const pair = `${decoded(username)}:${decoded(password)}`
  url.username = ''
  url.password = ''
  url.search = ''
  url.hash = ''
  return {
    // As it was written: some paths end in a slash, and some do not.
    baseURL: url.pathname === '/' && !/\/([?#]|$)/.test(text) ? url.origin : url.href,
    ...(pair !== ':' && { authorization: `Basic ${toBase64(new TextEncoder().encode(pair))}` }),
    query: search.slice(1),
  }
}

/** The same address with the query of its server. */
export function withQuery(url: string, query: string): string {
  if (query === '') return url
  return `${url}${url.includes('?') ? '&' : '?'}${query}`
}

/** A text that should be an address, without what may be a password or a key. */
function shown(text: string): string {
  return text.replace(/^.*@/s, '…@').replace(/[?#].*$/s, '?…')
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
