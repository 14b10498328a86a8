// Cache keys for LangChain's caches. LangChain's own key has neither the provider nor the descriptions of a schema, and leaves
// out images: two different requests would share one answer.

import { type BaseMessageLike, coerceMessageLikeToMessage } from '@langchain/core/messages'
import { sha256 } from '@langchain/core/utils/hash'
import type { Provider } from '@patchbay/core'

const names = new WeakMap<Provider, string>()

/** A name for this very object: two providers of one model may ask different servers, with different policies. */
export function nameOf(provider: Provider): string {
  const name = names.get(provider) ?? crypto.randomUUID()
  names.set(provider, name)
  return name
}

/** Whether LangChain's key has all of the messages: one question of text only. With more, its text could be that of another conversation. */
export function isPlainQuestion(messages: readonly BaseMessageLike[]): boolean {
  const [only, ...others] = messages
  if (only === undefined || others.length > 0) return false
  const { type, content, name, additional_kwargs } = coerceMessageLikeToMessage(only)
  const [block, ...more] = typeof content === 'string' ? [{ type: 'text', text: content }] : content
  const isText = block?.type === 'text' && more.length === 0 && Object.keys(block).length === 2
  return type === 'human' && isText && name === undefined && Object.keys(additional_kwargs).length === 0
}

/** A hash as the key: headers may contain secrets, and some caches store keys as they are. */
export function keyOf(...parts: unknown[]): string {
  try {
    return sha256(JSON.stringify(parts, sortKeys))
  } catch {
    // A value that JSON cannot represent has no key: no hit is better than a wrong one.
    return crypto.randomUUID()
  }
}

function sortKeys(_: string, value: unknown): unknown {
  // Two values may differ only in a function.
  if (typeof value === 'function') throw new TypeError('A function has no JSON.')
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
