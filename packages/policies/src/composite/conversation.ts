// Identity of a conversation: a hash of its first messages, which all its later turns begin with.
import type { ChatInput, Provider } from '@patchbay/core'
import { prepareFor } from '@patchbay/core/wrap'

/** A hash of the system text and the first message of the user. */
export async function conversationHash(request: ChatInput, provider: Provider): Promise<number> {
  const { messages } = await prepareFor(request, provider)
  const first = messages.findIndex(({ role }) => role === 'user')
  const opening = messages.slice(0, first + 1 || messages.length)
  return hashOf(
    JSON.stringify(opening, (_, item) => (item instanceof Uint8Array ? `${item.length} bytes` : item)),
  )
}

/** FNV-1a with the final mix of MurmurHash3: 32 bits, evenly spread. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return mixed(hash)
}

/** A hash of two hashes. */
export function hashOfBoth(one: number, other: number): number {
  return mixed(Math.imul(one ^ 0x9e3779b9, 0x85ebca6b) + other)
}

function mixed(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
