// The client's protocol, and its shape of an error.
import type { LlmError } from '@patchbay/core'
import type { Json } from '../body/body.js'
import { toError as toAnthropicError } from './anthropic/response.js'
import { toError as toOpenAIError } from './openai/response.js'

/** A protocol's shape of an error. */
export interface Protocol {
  error(error: LlmError): Json
}

const openai: Protocol = { error: toOpenAIError }
const anthropic: Protocol = { error: toAnthropicError }
const ollama: Protocol = { error: ({ message }) => ({ error: message }) }

const openaiPaths = /^\/v1\/(chat|completions|responses|embeddings|images|audio)\b/

/** The protocol of a request: by its path; on shared paths, by Anthropic's version header. */
export function protocolOf({ path, headers }: { path: string; headers: Headers }): Protocol {
  if (path.startsWith('/api/')) return ollama
  if (path.startsWith('/v1/messages')) return anthropic
  // Other paths of OpenAI are OpenAI's, whatever headers a client sends everywhere.
  return headers.has('anthropic-version') && !openaiPaths.test(path) ? anthropic : openai
}
