// Explicit breakpoints of OpenAI's prompt cache, for `cache` of messages. Source: developers.openai.com/api/docs/guides/prompt-caching
// and the types of the official client 7 (`prompt_cache_breakpoint`), November 2026. They are of GPT-5.6 and later; a request writes at
// most four, beside its implicit one three, the latest, and more are not refused. They live for 30 minutes at least.
type Json = Record<string, unknown>

// Answers have none in the Responses API, and a tool call has no block.
const markable = new Set<unknown>(['text', 'input_text', 'image_url', 'input_image', 'file', 'input_file'])

/** Marks the last block as the end of a reusable prefix. Returns whether it has such a mark. */
export function markEnd(blocks: readonly Json[] | undefined): boolean {
  const last = blocks?.at(-1)
  if (last === undefined || !markable.has(last.type)) return false
  last.prompt_cache_breakpoint = { mode: 'explicit' }
  return true
}
