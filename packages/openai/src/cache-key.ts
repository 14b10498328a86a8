// Key of a conversation for OpenAI's prompt cache: requests with the same key go to the same machine, which has their beginning.
// Source: platform.openai.com/docs/guides/prompt-caching, November 2026.
import type { Part, PreparedChat } from '@patchbay/core'

/** The key of a request whose cache is set up: by itself, or with marks that are sent as breakpoints. */
export function cacheKeyFor(chat: PreparedChat, takesKey: boolean, breakpoints: boolean): string | undefined {
  const isMarked = breakpoints && chat.messages.some(({ cache }) => cache)
  return takesKey && (chat.cache || isMarked) ? cacheKey(chat) : undefined
}

/** The same for all turns of a conversation: a hash of its tools, its system text and the first message of the user. */
function cacheKey({ messages, tools }: PreparedChat): string {
  const first = messages.findIndex(({ role }) => role === 'user')
  const opening = messages
    .slice(0, first + 1)
    .map(({ role, content }) => [role, typeof content === 'string' ? content : content.map(brief)])
  const text = JSON.stringify([tools, opening])
  return `patchbay-${fnv(text, 0x811c9dc5)}${fnv(text, 0x01000193)}`
}

/** Bytes by their length, base64 by its length and ends: what is large is not read for a name. */
function brief(part: Part): unknown {
  if (!('data' in part) || part.data === undefined) return part
  const { data } = part
  const name =
    typeof data === 'string' ? `${data.length} ${data.slice(0, 64)} ${data.slice(-64)}` : data.length
  return { ...part, data: name }
}

/** FNV-1a: 32 bits as hexadecimal digits. */
function fnv(text: string, seed: number): string {
  let hash = seed
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
