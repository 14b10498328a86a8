// Cache breakpoints of `cache: 'auto'`: after what stays the same from call to call.
// Source: platform.claude.com/docs/en/build-with-claude/prompt-caching, November 2026.
import { cacheable } from './cacheable.js'
import type { Block, Conversation } from './messages.js'

/**
 * Marks the last tool, the end of the system text, and the ends of the last two turns of the user: four at most. The mark before
 * the last one is where the call before wrote its cache. What is too short to be cached is not cached, at no cost; so is a single
 * question without tools, whose end no later call begins with.
 */
export function markAuto(tools: Block[], { messages, system = [] }: Conversation): void {
  const goesOn = tools.length > 0 || messages.length > 1
  const turns = goesOn ? messages.filter(({ role }) => role === 'user').slice(-2) : []
  const ends = [tools.at(-1), ...[system, ...turns.map(({ content }) => content)].map(lastCacheable)]
  for (const block of ends) if (block !== undefined) block.cache_control = { type: 'ephemeral' }
}

function lastCacheable(blocks: Block[]): Block | undefined {
  return blocks.findLast(({ type }) => cacheable.has(type))
}
