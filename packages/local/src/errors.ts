// Errors of the worker and its process, as the typed errors that callers get.
import { LlmError } from '@patchbay/core'
import type { WireError } from './supervisor/protocol.js'

/** The typed error for a failure that the worker reported. */
export function workerFailure({ code, message }: WireError): LlmError {
  return new LlmError(
    code,
    code === 'inference' ? `The engine failed: ${message}. The worker is still running; try again.` : message,
  )
}

/** The typed error for a request that cannot be serialized as JSON. */
export function notSerializable(cause: unknown): LlmError {
  return new LlmError(
    'invalid-request',
    `The request cannot be sent to the worker, because it is not valid JSON: ${cause instanceof Error ? cause.message : cause}. Check the inputs of tool calls, and the schemas.`,
    { cause },
  )
}

/** How a process ended. */
export interface ProcessExit {
  code: number | null
  signal: string | null
  /** It was killed because it no longer answered. */
  hung: boolean
  /** The beginning and the end of what it wrote to standard error. */
  stderr: string
  /** Why there was no process at all. */
  notStarted?: Error
}

// Advice by the system's error codes for processes that cannot be started.
const startAdvice: Record<string, string> = {
  E2BIG: 'The environment variables are too large; remove some.',
  EAGAIN: 'There are too many processes; raise the limit (ulimit -u), or end some.',
  ENOMEM: 'There is not enough memory.',
  EMFILE: 'The app has too many open files; raise the limit (ulimit -n), or close some.',
  ENFILE: 'The system has too many open files.',
  ENOENT: `Node.js is no longer at ${process.execPath}; was it updated? Start the app again.`,
  EACCES: `This user may not run ${process.execPath}.`,
}
/** Codes of limits that may be gone at the next attempt. */
const transientCodes = ['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE']

/** The typed error for a process that could not be started. */
export function startFailure(cause: unknown): LlmError {
  const { code = '', message = '' } = (cause ?? {}) as Partial<NodeJS.ErrnoException>
  const advice = startAdvice[code] ?? 'Check what the system allows this app to run.'
  return new LlmError(
    'worker-crashed',
    `The worker process could not be started (${code || message}). ${advice}`,
    { cause, retryable: transientCodes.includes(code) },
  )
}

/** The typed error for a process that died; `activity` says what it was doing. */
export function crashFailure(
  { code, signal, hung, stderr }: ProcessExit,
  activity: 'loading its model' | 'working',
): LlmError {
  const how = hung
    ? 'stopped answering and was ended'
    : signal !== null
      ? `died of ${signal}`
      : `exited with code ${code}`
  const hint =
    signal === 'SIGKILL' && !hung
      ? ' If nobody killed it, the system ran out of memory: use a smaller model, `context` or `parallel`.'
      : ''
  const output = stderr === '' ? '' : ` Its error output: ${stderr}`
  return new LlmError(
    'worker-crashed',
    `The worker process ${how} while ${activity}. The next call starts a new one.${hint}${output}`.replace(
      /[^.]$/,
      '$&.',
    ),
  )
}
