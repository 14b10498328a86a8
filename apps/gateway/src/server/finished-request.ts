// The record of a finished request, and its listeners.
import type { ChatResponse, FinishReason, Usage } from '@patchbay/core'

/** A finished request: key, model, timing, usage, outcome. Never holds prompts or answers. */
export interface RequestRecord {
  /** Sent to the client as `x-request-id`, and part of the answer's id: `chatcmpl-ID`, `resp_ID`, `msg_ID`. */
  id: string
  method: string
  /** The route, for example `/v1/messages`; `other` for an unknown path. */
  path: string
  /** The OpenTelemetry trace id, if `gateway.telemetry` is on. */
  traceId?: string
  /** The name of the API key. */
  key?: string
  /** The name of the key's team. */
  team?: string
  /** The model name that the client sent. */
  model?: string
  /** The provider that answered. */
  provider?: string
  /** The model that answered. */
  answeredBy?: string
  streamed: boolean
  /** HTTP status; 499 if the client disconnected. */
  status: number
  /** Milliseconds from arrival to end. */
  ms: number
  /** Milliseconds from arrival to the first piece of a streamed answer. */
  firstMs?: number
  usage?: Usage
  /** Set if `usage` is in part an estimate, because the answer was cut off before the provider counted it. */
  estimated?: true
  finishReason?: FinishReason
  /** US dollars, if the price is known. */
  cost?: number
  /** Set if the answer came from a cache; it cost nothing. */
  cached?: Exclude<ChatResponse['cached'], undefined>
  /** Request fields that were ignored, as paths: `service_tier`. */
  ignored?: string[]
  /** Warnings of the call: the full text of the first hundred, including those after the response headers were sent. */
  warnings?: readonly string[]
  /** The error code, if it failed. */
  error?: string
  /** The full error message, if only the gateway's operator can fix it. */
  problem?: string
}

/** Called when a request has ended. */
export type RequestListener = (record: RequestRecord) => void

/** A listener that throws affects neither the client nor the other listeners. */
export async function notify(listener: RequestListener, record: RequestRecord): Promise<void> {
  try {
    await listener(record)
  } catch (error) {
    console.error(`Request ${record.id} has ended, but onRequest failed:`, error)
  }
}
