// A prepared request, and that of a plain question: a text that needs no checks.
import type { PreparedChat, PreparedMessage } from '../contract/backend.js'
import type { ChatRequest } from '../contract/request.js'
import type { Warning } from '../contract/response.js'
import type { Feature } from './required-capabilities.js'

/** A prepared request, and warnings about it. */
export interface Prepared {
  chat: PreparedChat
  /** The original request, with defaults. */
  request: ChatRequest
  warnings: Warning[]
  /** The features the model must have. Empty for plain text: then the model's capabilities are not fetched. */
  required: Feature[]
}

/** Whether it is a text that may be sent as it is. */
export function isPlainQuestion(input: unknown): input is string {
  return typeof input === 'string' && input !== '' && input.isWellFormed?.()
}

/** The messages of a plain question. */
export function questionMessages(text: string): PreparedMessage[] {
  return [{ role: 'user', content: [{ type: 'text', text }] }]
}
