// Blocks that may carry a cache breakpoint.
// platform.claude.com/docs/en/build-with-claude/prompt-caching ("What can be cached"), November 2026.
export const cacheable = new Set<unknown>(['text', 'image', 'document', 'tool_use', 'tool_result'])
