// The protocols a client may speak, as far as all its requests are alike: which one it is, and how it hears of a failure.
import type { LlmError } from '@patchbay/core'
import type { Json } from '../body/body.js'
import { toError as toAnthropicError } from './anthropic/response.js'
import { toError as toOpenAIError } from './openai/response.js'

/** How a protocol tells a failure. */
export interface Protocol {
  error(error: LlmError): Json
}

const openai: Protocol = { error: toOpenAIError }
const anthropic: Protocol = { error: toAnthropicError }
const ollama: Protocol = { error: ({ message }) => ({ error: message }) }

/** By the path, and where two protocols share one, by the version that clients of Anthropic send. */
export function protocolOf({ path, headers }: { path: string; headers: Headers }): Protocol {
  if (path.startsWith('/api/')) return ollama
  return path.startsWith('/v1/messages') || headers.has('anthropic-version') ? anthropic : openai
}
