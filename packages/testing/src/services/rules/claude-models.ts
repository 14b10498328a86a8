// Families of Claude models and what the Messages API accepts for each, newest first.
// Source: platform.claude.com model pages and effort page, anthropics/skills model-migration.md; July to November 2026.

/** What the Messages API accepts for a family of models. */
export interface ClaudeFamily {
  name: RegExp
  /** Most `max_tokens`. */
  maxTokens: number
  /** Accepted values of `thinking.type`. */
  thinking: readonly ('enabled' | 'adaptive' | 'disabled' | 'between_tools')[]
  /** Accepted values of `output_config.effort`. */
  effort: readonly string[]
  /** `temperature`, `top_p` and `top_k`: any, never both of the first two, or none of them. */
  sampling: 'any' | 'one' | 'none'
  /** Does it continue a last message of the assistant? */
  prefill: boolean
  /** Is a forced `tool_choice` accepted: always, without thinking, or never? */
  forcedTools: 'always' | 'without-thinking' | 'never'
}

const upTo = (last: 'high' | 'max' | 'xhigh') =>
  ({
    high: ['low', 'medium', 'high'],
    max: ['low', 'medium', 'high', 'max'],
    xhigh: ['low', 'medium', 'high', 'xhigh', 'max'],
  })[last]

const current = { maxTokens: 128_000, effort: upTo('xhigh'), sampling: 'none', prefill: false } as const
const modern = { ...current, thinking: ['adaptive', 'disabled'] } as const
const older = {
  thinking: ['enabled', 'disabled'],
  effort: upTo('high'),
  prefill: true,
  forcedTools: 'without-thinking',
} as const

/** The first entry whose `name` matches wins; the last one matches every name. */
const claudeFamilies: readonly ClaudeFamily[] = [
  { name: /^claude-(fable|mythos)-/, ...current, thinking: ['adaptive'], forcedTools: 'never' },
  { name: /^claude-opus-5-5/, ...current, thinking: ['adaptive'], forcedTools: 'never' },
  { name: /^claude-sonnet-5-5/, ...current, thinking: ['adaptive', 'between_tools'], forcedTools: 'never' },
  { name: /^claude-(opus-5|sonnet-5|haiku-5)/, ...modern, forcedTools: 'always' },
  { name: /^claude-opus-4-8/, ...modern, forcedTools: 'always' },
  { name: /^claude-opus-4-7/, ...modern, forcedTools: 'without-thinking' },
  {
    name: /^claude-(opus|sonnet)-4-6/,
    ...{
      maxTokens: 128_000,
      thinking: ['enabled', 'adaptive', 'disabled'],
      effort: upTo('max'),
      sampling: 'one',
    },
    ...{ prefill: false, forcedTools: 'without-thinking' },
  },
  { name: /^claude-(opus|sonnet|haiku)-4-5/, ...older, maxTokens: 64_000, sampling: 'one' },
  { name: /^claude-(opus-4-1|opus-4)/, ...older, maxTokens: 32_000, sampling: 'one' },
  { name: /^claude-sonnet-4/, ...older, maxTokens: 64_000, sampling: 'one' },
  { name: /^claude-3-5/, ...older, maxTokens: 8192, sampling: 'any', thinking: [], effort: [] },
  { name: /^claude-3-/, ...older, maxTokens: 4096, sampling: 'any', thinking: [], effort: [] },
  { name: /./, ...modern, forcedTools: 'always' },
]

/** The family of a model name. An unknown name gets the rules of the newest models. */
export function claudeFamily(model: string): ClaudeFamily {
  return claudeFamilies.find(({ name }) => name.test(model)) ?? (claudeFamilies.at(-1) as ClaudeFamily)
}
