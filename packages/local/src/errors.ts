// The worker's failures as the errors callers get.
import { LlmError } from '@patchbay/core'
import type { WireError } from './supervisor/protocol.js'

/** A failure the worker reported. */
export function fromWire({ code, message }: WireError): LlmError {
  return new LlmError(
    code,
    code === 'inference' ? `The engine failed: ${message}. The worker goes on; try again.` : message,
  )
}

/** A request that JSON has no form for. */
export function notSendable(cause: unknown): LlmError {
  return new LlmError(
    'invalid-request',
    `The request cannot be sent to the worker, as it is not JSON: ${cause instanceof Error ? cause.message : cause}. Look at the inputs of tool calls and at the schemas.`,
    { cause },
  )
}

/** Why a process ended. */
export interface Exit {
  code: number | null
  signal: string | null
  /** It was ended by us because it no longer answered. */
  hung: boolean
  /** The last it wrote to standard error. */
  lastWords: string
  /** Why there was no process at all. */
  notStarted?: Error
}

// What to do where the system makes no process, by its own codes.
const startAdvice: Record<string, string> = {
  E2BIG: 'The variables of the environment are too large; take some away.',
  EAGAIN: 'There are too many processes; raise the limit (ulimit -u), or end some.',
  ENOMEM: 'There is not enough memory.',
  EMFILE: 'The app has too many open files; raise the limit (ulimit -n), or close some.',
  ENFILE: 'The system has too many open files.',
  ENOENT: `The program of Node.js is not at ${process.execPath} any more; was it updated? Start the app again.`,
  EACCES: `This user may not run ${process.execPath}.`,
}
const passing = ['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE']

/** A process that could not be started. */
export function notStarted(cause: unknown): LlmError {
  const { code = '', message = '' } = (cause ?? {}) as Partial<NodeJS.ErrnoException>
  const advice = startAdvice[code] ?? 'Check what the system allows this app to run.'
  return new LlmError(
    'worker-crashed',
    `The worker process could not be started (${code || message}). ${advice}`,
    { cause, retryable: passing.includes(code) },
  )
}

/** A process that died under its work. */
export function crashed({ code, signal, hung, lastWords }: Exit, doing: string): LlmError {
  const how = hung
    ? 'stopped answering and was ended'
    : signal !== null
      ? `died of ${signal}`
      : `exited with code ${code}`
  const hint =
    signal === 'SIGKILL' && !hung
      ? ' If nobody killed it, the system ran out of memory: use a smaller model, `context` or `parallel`.'
      : ''
  const words = lastWords === '' ? '' : ` Its last words: ${lastWords}`
  return new LlmError(
    'worker-crashed',
    `The worker process ${how} while ${doing}. A new one is started for the next call.${hint}${words}`.replace(
      /[^.]$/,
      '$&.',
    ),
  )
}
