// Exit codes of `patchbay`, and error messages on a terminal.
import { type ErrorCode, isLlmError } from '@patchbay/core'
import { withoutKeys } from '@patchbay/core/wire'
import { printable } from './print.js'

/** Exit codes, stable for scripts. */
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
  3    the request cannot be answered as it is (invalid-request, unsupported, context-length, config …)
  4    the model or its service failed (model-load, worker-crashed, network, rate-limited …)
  5    timed out
  130  interrupted (Ctrl-C)`

const byCode: Record<ErrorCode, number> = {
  timeout: exitCodes.timeout,
  network: exitCodes.provider,
  'rate-limited': exitCodes.provider,
  overloaded: exitCodes.provider,
  'server-error': exitCodes.provider,
  'queue-full': exitCodes.provider,
  'worker-crashed': exitCodes.provider,
  'circuit-open': exitCodes.provider,
  aborted: exitCodes.interrupted,
  'quota-exceeded': exitCodes.provider,
  authentication: exitCodes.provider,
  'permission-denied': exitCodes.provider,
  'not-found': exitCodes.provider,
  'invalid-request': exitCodes.request,
  'context-length': exitCodes.request,
  'content-filtered': exitCodes.request,
  unsupported: exitCodes.request,
  'bad-response': exitCodes.provider,
  'empty-response': exitCodes.provider,
  'structured-output': exitCodes.request,
  'tool-failed': exitCodes.provider,
  closed: exitCodes.provider,
  'model-load': exitCodes.provider,
  inference: exitCodes.provider,
  'budget-exceeded': exitCodes.provider,
  'no-route': exitCodes.provider,
  config: exitCodes.request,
}

/** Wrong or missing arguments. */
export class UsageError extends Error {}

/** The exit code for an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage
  if (!isLlmError(error)) return systemCode(error) === undefined ? exitCodes.bug : exitCodes.provider
  return byCode[error.code] ?? exitCodes.provider
}

/** A line that points to `patchbay explain`; empty for errors that are not `LlmError`s. */
export function helpLine(error: unknown): string {
  return isLlmError(error) && error.code !== 'aborted' ? `More: patchbay explain ${error.code}\n` : ''
}

/** The code of an error of the operating system. */
function systemCode(error: unknown): string | undefined {
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown }
  return error instanceof Error && typeof code === 'string' && typeof syscall === 'string' ? code : undefined
}

/** One line for people, without secrets. */
export function errorLine(error: unknown): string {
  return withoutKeys(lineOf(error))
}

/** The same without a stack: in a conversation, where nothing ends. */
export function shortErrorLine(error: unknown): string {
  return withoutKeys(
    printable(shortOf(error) ?? (error instanceof Error ? `${error.name}: ${error.message}` : String(error))),
  )
}

function lineOf(error: unknown): string {
  return shortOf(error) ?? (error instanceof Error ? (error.stack ?? error.message) : String(error))
}

function shortOf(error: unknown): string | undefined {
  if (isLlmError(error)) return printable(`${error.code}: ${error.message}`)
  if (error instanceof UsageError) return error.message
  // Errors of the operating system (a file that cannot be written) need no stack.
  if (systemCode(error) !== undefined) return printable((error as Error).message)
  return undefined
}
