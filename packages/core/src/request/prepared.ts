// The type of a prepared request: what a call sends, beside what the app asked for.
import type { PreparedChat } from '../contract/backend.js'
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
