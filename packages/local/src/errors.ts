// The worker's failures as the errors callers get.
import { LlmError } from '@patchbay/core'
import type { WireError } from './protocol.js'

/** A failure the worker reported. */
export function fromWire({ code, message }: WireError): LlmError {
  return new LlmError(
    code,
    code === 'inference' ? `The engine failed: ${message}. The worker goes on; try again.` : message,
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
