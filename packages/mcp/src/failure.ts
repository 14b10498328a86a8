// What goes wrong with a server, as one of our errors; what its address, headers, variables and arguments hold stays secret.
import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client'
import { type ErrorCode, isLlmError, LlmError } from '@patchbay/core'
import type { ProcessServer, RemoteServer } from './server.js'

/** What the server is called in messages. */
export function nameOfServer(server: ProcessServer | RemoteServer): string {
  if (!('url' in server)) return `The MCP server \`${server.command}\``
  return `The MCP server at ${URL.canParse(server.url) ? new URL(server.url).origin : 'an invalid URL'}`
}

/** The failure of a connection or a call; `hint` is what to do, for failures of the connection. */
export function asFailure(
  thrown: unknown,
  server: ProcessServer | RemoteServer,
  what: string,
  hint: string,
): LlmError {
  if (isLlmError(thrown)) {
    const message = withoutSecrets(thrown.message, secretsOf(server))
    return message === thrown.message ? thrown : new LlmError(thrown.code, message)
  }
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  const shown = sentence(withoutSecrets(text, secretsOf(server)))
  const code = codeOf(thrown)
  const status = thrown instanceof SdkHttpError ? thrown.status : undefined
  return new LlmError(code, code === 'tool-failed' ? shown : `${what}: ${shown} ${hint}`, {
    ...(status !== undefined && { status }),
    // An error that quotes a secret somewhere is not passed on as it is.
    ...(!holdsSecret(thrown, [...secretsOf(server), ...argumentsOf(server)]) && { cause: thrown }),
  })
}

function codeOf(thrown: unknown): ErrorCode {
  // The server is there, and refuses the call.
  if (thrown instanceof ProtocolError) return 'tool-failed'
  return thrown instanceof SdkError && thrown.code === SdkErrorCode.InvalidResult ? 'bad-response' : 'network'
}

/** The text with each secret as ***. */
function withoutSecrets(text: string, secrets: string[]): string {
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), text)
}

/** The longest first, so that no part of one is left. A shorter one would take ordinary words out. */
function secretsOf(server: ProcessServer | RemoteServer): string[] {
  const values = 'url' in server ? Object.values(server.headers ?? {}) : Object.values(server.env ?? {})
  if ('url' in server && URL.canParse(server.url)) {
    const { username, password, searchParams, hash, search } = new URL(server.url)
    values.push(username, password, ...searchParams.values(), search.slice(1), hash.slice(1))
  }
  const forms = values.flatMap((value) => [value, ...value.split(/\s/), decoded(value)])
  return [...new Set(forms)].filter((one) => one.length > 3).sort((a, b) => b.length - a.length)
}

function argumentsOf(server: ProcessServer | RemoteServer): string[] {
  return 'url' in server ? [] : (server.args ?? []).filter((one) => one.length > 3)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function holdsSecret(value: unknown, secrets: string[], depth = 0): boolean {
  if (typeof value === 'string') return secrets.some((secret) => value.includes(secret))
  if (typeof value !== 'object' || value === null) return false
  // What is deeper is not looked through, so it is not passed on.
  if (depth > 4) return true
  return Object.getOwnPropertyNames(value).some((name) =>
    holdsSecret((value as Record<string, unknown>)[name], secrets, depth + 1),
  )
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
