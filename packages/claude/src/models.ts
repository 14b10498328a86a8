// What families of models can do, as dated data: prefixes, the most telling first. A name nobody has heard of gets the
// newest rules. Source: platform.claude.com/docs, models overview and extended thinking, November 2026.

/** The rules of a family. */
export interface ModelRules {
  /** Tokens of one answer, thinking included; also the default of `max_tokens`. */
  maxOutput: number
  contextWindow: number
  /** How thinking is asked for: by effort, by a budget of tokens, or not at all. */
  thinking: 'adaptive' | 'budget' | 'none'
  /** Answers constrained to a JSON schema. */
  schema: boolean
  /** Takes temperature and top_p at once. */
  bothSampling: boolean
  /** The day the service stops serving it, as `YYYY-MM-DD`, once that is announced. */
  endOfLife?: string
}

const newest: ModelRules = {
  maxOutput: 64_000,
  contextWindow: 200_000,
  thinking: 'adaptive',
  schema: true,
  bothSampling: false,
}

const families: [prefix: string, rules: Partial<ModelRules>][] = [
  ['claude-opus-5', { maxOutput: 128_000, contextWindow: 1_000_000 }],
  ['claude-sonnet-5', { maxOutput: 128_000, contextWindow: 1_000_000 }],
  ['claude-3-haiku', { maxOutput: 4_096, thinking: 'none', schema: false, bothSampling: true }],
  ['claude-3-opus', { maxOutput: 4_096, thinking: 'none', schema: false, bothSampling: true }],
  ['claude-3-5', { maxOutput: 8_192, thinking: 'none', schema: false, bothSampling: true }],
  ['claude-3-7', { thinking: 'budget', schema: false, bothSampling: true }],
  ['claude-sonnet-4-5', { thinking: 'budget', endOfLife: '2026-11-30' }],
  ['claude-haiku-4-5', { thinking: 'budget' }],
  ['claude-opus-4-5', { thinking: 'budget', endOfLife: '2027-01-22' }],
  ['claude-opus-4-1', { maxOutput: 32_000, thinking: 'budget' }],
  ['claude-opus-4-2', { maxOutput: 32_000, thinking: 'budget', schema: false, bothSampling: true }],
  ['claude-opus-4-0', { maxOutput: 32_000, thinking: 'budget', schema: false, bothSampling: true }],
  ['claude-sonnet-4-2', { thinking: 'budget', schema: false, bothSampling: true }],
  ['claude-sonnet-4-0', { thinking: 'budget', schema: false, bothSampling: true }],
]

/** The rules for a model. `overrides` win. */
export function rulesFor(model: string, overrides: Partial<ModelRules> = {}): ModelRules {
  const family = families.find(([prefix]) => model.includes(prefix))
  return { ...newest, ...family?.[1], ...overrides }
}
