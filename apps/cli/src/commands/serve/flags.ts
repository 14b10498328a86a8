// The flags of `patchbay serve`, and its log of requests.
import type { RequestRecord } from '@patchbay/gateway'
import { toJson } from '../../terminal/print.js'

/** The flags of `serve`. */
export interface ServeFlags {
  port?: number
  host?: string
  strictModels?: boolean
  config?: string
  log?: boolean
  /** Processes that serve. */
  workers?: number
}

/** Milliseconds before the end of a process: enough for pending writes. */
export const endMs = 100

/** Logs one request as a line of JSON; never prompts or answers. */
export function logRequest(record: RequestRecord): void {
  const level = record.status >= 500 ? 'error' : record.status >= 400 ? 'warn' : 'info'
  process.stderr.write(`${toJson({ time: new Date().toISOString(), level, ...record })}\n`)
}
