// `reasoning` as Claude's thinking and effort. Source: platform.claude.com/docs/en/build-with-claude/thinking, /effort and
// /extended-thinking, November 2026.
import type { PreparedChat, Reasoning } from '@patchbay/core'
import type { LeaveOut } from '@patchbay/core/wire'
import type { ModelRules } from '../models.js'

/** The fields `thinking` and `output_config.effort`. */
export interface Thinking {
  thinking?: { type: string; budget_tokens?: number; display?: string }
  effort?: string
}

/** @throws {LlmError} `unsupported` */
export function toThinking(
  model: string,
  { reasoning }: Pick<PreparedChat, 'reasoning'>,
  rules: ModelRules,
  maxTokens: number,
  leaveOut: LeaveOut,
): Thinking {
  if (reasoning === undefined) return {}
  if (reasoning === 'off') return withoutThinking(model, rules, leaveOut)
  if (typeof reasoning === 'string' && rules.thinking === 'adaptive')
    // Since Opus 4.7 the text of thinking is left out unless it is asked for.
    return { thinking: { type: 'adaptive', display: 'summarized' }, effort: effortOf(reasoning, rules) }
  const budget = typeof reasoning === 'string' ? budgetOf(reasoning, maxTokens) : reasoning.budgetTokens
  if (budget >= 1_024 && budget < maxTokens) return { thinking: { type: 'enabled', budget_tokens: budget } }
  leaveOut(
    'reasoning',
    `A thinking budget has at least 1,024 tokens and fewer than the whole answer (${maxTokens}), not ${budget}.`,
    { advice: 'Change reasoning or maxOutputTokens.' },
  )
  return {}
}

/** Whether the request asks for thinking. */
export function isThinking({ thinking }: Thinking): boolean {
  return thinking?.type === 'adaptive' || thinking?.type === 'enabled'
}

function withoutThinking(model: string, { off, thinking }: ModelRules, leaveOut: LeaveOut): Thinking {
  if (off === 'omit' || thinking === 'none') return {}
  if (off !== 'never') return { thinking: { type: off } }
  leaveOut('reasoning', `${model} always thinks: reasoning cannot be 'off'.`, {
    advice: "Leave it out, or set reasoning: 'low'.",
  })
  return {}
}

type Level = Exclude<Reasoning, 'off' | object>

function effortOf(level: Level, { maxEffort }: ModelRules): string {
  const efforts = { minimal: 'low', low: 'low', medium: 'medium', high: 'high', max: maxEffort } as const
  return efforts[level]
}

/** A level leaves tokens for the answer. */
function budgetOf(level: Level, maxTokens: number): number {
  const budgets = { minimal: 1_024, low: 4_096, medium: 10_000, high: 20_000, max: 31_999 } as const
  return Math.max(1_024, Math.min(budgets[level], Math.floor(maxTokens * 0.8)))
}
