// What the exit codes of `patchbay` mean, and how an error is told on a terminal.
import { type ErrorCode, isLlmError } from '@patchbay/core'
import { withoutKeys } from '@patchbay/core/wire'
import { printable } from './print.js'

/** Scripts can count on these. */
export const exitCodes = {
  answered: 0,
  bug: 1,
  usage: 2,
  request: 3,
  provider: 4,
  timeout: 5,
  interrupted: 130,
  brokenPipe: 141,
} as const

/** For `--help`. */
export const exitCodeHelp = `
Exit codes:
  0    answered
  1    a bug of patchbay
  2    wrong usage
  3    the request cannot be answered: change it (invalid-request, unsupported, context-length, config …)
  4    the model or its service failed (model-load, worker-crashed, network, rate-limited …)
  5    timed out
  130  interrupted (Ctrl-C)`

const requestErrors: ReadonlySet<ErrorCode> = new Set([
  'invalid-request',
  'unsupported',
  'context-length',
  'content-filtered',
  'structured-output',
  'config',
])

/** The command was not told what it needs. */
export class UsageError extends Error {}

/** The exit code for an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage
  if (!isLlmError(error)) return systemCode(error) === undefined ? exitCodes.bug : exitCodes.provider
  if (error.code === 'aborted') return exitCodes.interrupted
  if (error.code === 'timeout') return exitCodes.timeout
  return requestErrors.has(error.code) ? exitCodes.request : exitCodes.provider
}

/** Where there is more to read about an error, on a line of its own; nothing for what is no failure of a call. */
export function helpLine(error: unknown): string {
  return isLlmError(error) && error.code !== 'aborted' ? `More: patchbay explain ${error.code}\n` : ''
}

/** The code of an error of the operating system. */
function systemCode(error: unknown): string | undefined {
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown }
  return error instanceof Error && typeof code === 'string' && typeof syscall === 'string' ? code : undefined
}

/** One line for people. A key that was given in place of a name is not repeated. */
export function errorLine(error: unknown): string {
  return withoutKeys(lineOf(error))
}

function lineOf(error: unknown): string {
  if (isLlmError(error)) return printable(`${error.code}: ${error.message}`)
  if (error instanceof UsageError) return error.message
  // A file that cannot be written, an address that is taken: the system says it, and no stack says more.
  if (systemCode(error) !== undefined) return printable((error as Error).message)
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
