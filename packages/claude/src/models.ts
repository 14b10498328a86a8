// Limits and rules of Claude models, by family. Sources, all of November 2026 unless a line says otherwise:
// platform.claude.com/docs/en/models/<model>/overview and its migration guide (limits, thinking, sampling, prefill, forced
// tools), /build-with-claude/effort, /build-with-claude/thinking, /build-with-claude/structured-outputs and
// /about-claude/model-deprecations; deprecated models also in @anthropic-ai/sdk 1.14.0 (internal/data).

import type { ServerToolName } from '@patchbay/core'

/** The rules of a model family. */
export interface ModelRules {
  /** Tokens of one answer at most, thinking included. It is also the default of `max_tokens`. */
  maxOutput: number
  /** Tokens of prompt and answer together. */
  contextWindow: number
  /** How a level of `reasoning` is sent: as an effort, as a budget of tokens, or not at all. */
  thinking: 'adaptive' | 'budget' | 'none'
  /** Whether `reasoning: { budgetTokens }` is accepted. */
  budget: boolean
  /** The highest effort. `xhigh` has no level of ours. */
  maxEffort: 'high' | 'max'
  /** How thinking is turned off: by leaving it out, by a type of `thinking`, or never. */
  off: 'omit' | 'disabled' | 'between_tools' | 'never'
  /** Whether `temperature` and `top_p` are accepted together, one at a time, or not at all (then no `top_k` either). */
  sampling: 'both' | 'either' | 'none'
  /** Whether the last message may be the beginning of the answer. */
  prefill: boolean
  /** When `toolChoice` may force a call. */
  forcedTools: 'always' | 'without-thinking' | 'never'
  /** Whether answers can be constrained to a JSON schema. */
  schema: boolean
  /** Whether only the model that made a thinking block reads it. */
  boundThinking: boolean
  /** The day the Claude API stops serving it, as `YYYY-MM-DD`, once that is announced. */
  endOfLife?: string
}

/** Every family since Opus 4.7 has these. */
const since47: ModelRules = {
  maxOutput: 128_000,
  contextWindow: 1_000_000,
  thinking: 'adaptive',
  budget: false,
  maxEffort: 'max',
  off: 'disabled',
  sampling: 'none',
  prefill: false,
  forcedTools: 'always',
  schema: true,
  boundThinking: false,
}
const alwaysThinks: ModelRules = { ...since47, off: 'never', forcedTools: 'never' }
/** whats-new-opus-5-5, "Thinking blocks are tied to the model", September 2026. */
const bound: ModelRules = { ...alwaysThinks, boundThinking: true }
const generation46: ModelRules = {
  ...since47,
  budget: true,
  off: 'omit',
  sampling: 'either',
  forcedTools: 'without-thinking',
}
const generation45: ModelRules = {
  ...generation46,
  maxOutput: 64_000,
  contextWindow: 200_000,
  thinking: 'budget',
  maxEffort: 'high',
  prefill: true,
}
const generation4: ModelRules = { ...generation45, schema: false }
const sonnet4: ModelRules = { ...generation4, endOfLife: '2026-06-15' }
const opus4: ModelRules = { ...sonnet4, maxOutput: 32_000 }
const generation3: ModelRules = { ...generation4, thinking: 'none', budget: false, sampling: 'both' }

/** By the part of the name that a version or a date may follow. */
const families: [name: string, rules: ModelRules][] = [
  ['fable-5-2', bound],
  ['fable-5-1', bound],
  ['fable-5', alwaysThinks],
  ['mythos-5-2', bound],
  ['mythos-5-1', bound],
  ['mythos-5', alwaysThinks],
  ['mythos-preview', { ...alwaysThinks, budget: true, endOfLife: '2026-06-30' }],
  ['opus-5-5', bound],
  // whats-new-sonnet-5-5, September 2026: `between_tools` instead of `disabled`.
  ['sonnet-5-5', { ...bound, off: 'between_tools' }],
  // Released October 7, 2026; it accepts forced tools and then does not think.
  ['haiku-5-5', { ...since47, boundThinking: true }],
  ['opus-5', since47],
  ['sonnet-5', since47],
  // These two do not think unless they are asked to.
  ['opus-4-8', { ...since47, off: 'omit' }],
  ['opus-4-7', { ...since47, off: 'omit', forcedTools: 'without-thinking' }],
  ['opus-4-6', generation46],
  ['sonnet-4-6', generation46],
  ['haiku-4-5', generation45],
  ['opus-4-5', { ...generation45, endOfLife: '2027-01-22' }],
  ['sonnet-4-5', { ...generation45, endOfLife: '2026-11-30' }],
  ['opus-4-1', { ...generation45, maxOutput: 32_000, endOfLife: '2026-08-05' }],
  ['opus-4', opus4],
  ['opus-4-0', opus4],
  ['sonnet-4', sonnet4],
  ['sonnet-4-0', sonnet4],
  ['3-7-sonnet', { ...generation4, sampling: 'both', endOfLife: '2026-02-19' }],
  ['3-5-haiku', { ...generation3, maxOutput: 8_192, endOfLife: '2026-02-19' }],
  ['3-5-sonnet', { ...generation3, maxOutput: 8_192, endOfLife: '2025-10-28' }],
  ['3-haiku', { ...generation3, maxOutput: 4_096, endOfLife: '2026-04-20' }],
  ['3-opus', { ...generation3, maxOutput: 4_096, endOfLife: '2026-01-05' }],
]

/** The newest family's, except that what is asked of an unknown model is tried. */
const unknown: ModelRules = {
  ...since47,
  maxOutput: 64_000,
  contextWindow: 200_000,
  budget: true,
  sampling: 'either',
  prefill: true,
}

/**
 * The tools of the service that a model has. Sources, November 2026: /agents-and-tools/tool-use/web-search-tool (models and platforms),
 * /web-fetch-tool, /code-execution-tool, /mcp-connector ("not supported on Amazon Bedrock and Google Vertex"), and /computer-use-tool:
 * models from 5.5 on return an error for `computer_20251124`, and those before Opus 4.5 and Sonnet 4.6 have an earlier version of it.
 * Clouds: docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/web-search; claude.com/docs/third-party/
 * claude-desktop/web-tools ("Amazon Bedrock: not available natively"); vercel/ai, google-vertex-anthropic-provider.ts and
 * amazon-bedrock-anthropic-provider.ts (the tools that each recognizes).
 */
export function serverToolsOf(model: string, host: string | undefined): readonly ServerToolName[] {
  // Before Claude 3.5 there were none. Other models behind servers of this protocol have none that we know.
  if (!model.includes('claude') || /claude-(2|instant|3-(opus|haiku|sonnet))/.test(model)) return []
  const name = model.replace(/[.@]/g, '-')
  const computer = /opus-4-[5-8]|sonnet-4-6|(opus|sonnet|fable|mythos)-5(?!-\d(?!\d))/.test(name)
  return [...(hosted[host ?? ''] ?? everyTool), ...(computer ? (['claude.computer'] as const) : [])]
}

// `computer` is run by the app, and needs no host that runs it.
const everyTool = ['claude.webSearch', 'claude.webFetch', 'claude.codeExecution', 'claude.mcp'] as const
const hosted: Record<string, readonly ServerToolName[]> = { bedrock: [], vertex: ['claude.webSearch'] }

/** The day on which the table was last compared with its sources. `npm run check` warns when it is old. */
const tableDate = '2026-11-27'

/** The rules of a model. */
export interface KnownRules extends ModelRules {
  /** Whether the table has it. */
  isKnown: boolean
  /** Whether its end is announced. A model that has ended before is not: where it still answers, another service has it. */
  isDeprecated: boolean
}

/** The rules of a model; `overrides` win. Models that are not Claude's may be behind servers that speak this API. */
export function rulesFor(model: string, overrides: Partial<ModelRules> = {}): KnownRules {
  // Other platforms write `claude-opus-4.6` and `claude-opus-4@20250514`.
  const name = model.replace(/[.@]/g, '-')
  const family = families.find(([part]) => new RegExp(`claude.*${part}(?!\\d|-\\d\\d?(?!\\d))`).test(name))
  const usual = { ...unknown, ...(!name.includes('claude') && { sampling: 'both' as const }) }
  const rules = { ...(family?.[1] ?? usual), ...overrides }
  return {
    ...rules,
    isKnown: family !== undefined,
    isDeprecated: rules.endOfLife !== undefined && rules.endOfLife >= tableDate,
  }
}
