// Converts failures of an MCP server to `LlmError`. Addresses, headers, variables and arguments stay secret.
import {
  InsufficientScopeError,
  OAuthClientFlowError,
  OAuthError,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  SseError,
  UnauthorizedError,
} from '@modelcontextprotocol/client'
import { type ErrorCode, isLlmError, LlmError } from '@patchbay/core'
import { codeOfStatus, decodePercent, excerpt, redactor } from '@patchbay/core/wire'
import type { ProcessServer, RemoteServer } from './server.js'
import { answerLost } from './transport.js'

/** The server's name in messages. */
export function nameOfServer(server: ProcessServer | RemoteServer): string {
  if (!('url' in server)) return `The MCP server \`${server.command}\``
  return `The MCP server at ${URL.canParse(server.url) ? new URL(server.url).origin : 'an invalid URL'}`
}

/** The error of a connection or a call; `hint` is the advice for connection errors. */
export function asFailure(
  thrown: unknown,
  server: ProcessServer | RemoteServer,
  what: string,
  hint: string,
): LlmError {
  const quiet = redactor(...secretsOf(server))
  if (isLlmError(thrown)) return quiet(thrown)
  const shown = sentence(quiet(wordsOf(thrown)))
  const status = statusOf(thrown)
  const known = 'url' in server && server.auth ? refusalsOfAuth : refusalsOfHeaders
  const refusal = known[status ?? 0]
  const code = refusal?.code ?? codeOf(thrown, status)
  const why = refusal?.why ?? `${shown} ${hint}`
  return new LlmError(code, code === 'tool-failed' ? shown : `${what}: ${why}`, {
    ...(status !== undefined && { status }),
    cause: redactor(...secretsOf(server, argumentsOf(server)))(thrown),
  })
}

type Refusals = Partial<Record<number, { code: ErrorCode; why: string }>>

/** Errors of authentication and permission, with advice; the message of the server or the SDK is in `cause`. */
const refusalsOfHeaders: Refusals = {
  401: {
    code: 'authentication',
    why: 'it wants credentials, or refuses those it got (401). Give it a valid token in `headers`: { authorization: "Bearer …" }.',
  },
  403: {
    code: 'permission-denied',
    why: 'the credentials in `headers` may not do this (403). Give it a token with the rights it asks for.',
  },
}

/** The same for a server with `auth`. */
const refusalsOfAuth: Refusals = {
  401: {
    code: 'authentication',
    why: 'the user has to sign in (401). Connect again with the address that the user comes back to as `callback`, or check the credentials of `auth`.',
  },
  403: {
    code: 'permission-denied',
    why: 'the credentials of `auth` may not do this (403). Sign in with the scopes that it asks for, or as a user who may do this.',
  },
}

function statusOf(thrown: unknown): number | undefined {
  if (thrown instanceof SdkHttpError) return thrown.status
  if (thrown instanceof SseError) return thrown.code
  if (thrown instanceof UnauthorizedError) return 401
  return thrown instanceof InsufficientScopeError ? 403 : undefined
}

function codeOf(thrown: unknown, status: number | undefined): ErrorCode {
  // The server answers, and refuses the call.
  if (thrown instanceof ProtocolError) return thrown.message === answerLost ? 'network' : 'tool-failed'
  if (thrown instanceof OAuthError || thrown instanceof OAuthClientFlowError) return 'authentication'
  if (status === 429 || (status !== undefined && status >= 500)) return codeOfStatus(status)
  return thrown instanceof SdkError && thrown.code === SdkErrorCode.InvalidResult ? 'bad-response' : 'network'
}

/** What went wrong, without pages and long bodies. */
function wordsOf(thrown: unknown): string {
  if (thrown instanceof SdkHttpError) {
    const { text } = thrown.data
    if (typeof text !== 'string') return thrown.message
    const body = text.trimStart().startsWith('<') ? 'a web page' : excerpt(text)
    return `It answered HTTP ${thrown.status}: ${body}`
  }
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** Arguments of `redactor`. Any value in a query, a fragment or a variable may be a secret. */
function secretsOf(server: ProcessServer | RemoteServer, more: string[] = []): Parameters<typeof redactor> {
  if (!('url' in server)) return [undefined, undefined, [...Object.values(server.env ?? {}), ...more]]
  const { url, headers } = server
  if (!URL.canParse(url)) return [undefined, headers, more]
  const { username, searchParams, hash, search } = new URL(url)
  return [
    url,
    headers,
    [username, ...searchParams.values(), search.slice(1), hash.slice(1), ...more].flatMap((text) => [
      text,
      decodePercent(text),
    ]),
  ]
}

/** Arguments of a command. They are not redacted like secrets, because that would remove ordinary words from messages. */
function argumentsOf(server: ProcessServer | RemoteServer): string[] {
  return 'url' in server ? [] : (server.args ?? [])
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
