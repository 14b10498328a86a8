// `reasoning` as `thinkingConfig`. Source: ai.google.dev/gemini-api/docs/thinking, November 2026.
import type { PreparedChat, Reasoning } from '@patchbay/core'
import type { LeaveOut } from '@patchbay/core/wire'
import type { KnownRules, Level } from '../models.js'

/** The field `thinkingConfig`; thoughts are told only where they are asked for. */
export interface Thinking {
  includeThoughts?: true
  thinkingBudget?: number
  thinkingLevel?: Level
}

/** @throws {LlmError} `unsupported` */
export function toThinking(
  model: string,
  { reasoning }: Pick<PreparedChat, 'reasoning'>,
  { levels, budget }: KnownRules,
  leaveOut: LeaveOut,
): Thinking | undefined {
  if (reasoning === undefined) return undefined
  if (reasoning === 'off') {
    // A model without thoughts has nothing to turn off.
    if (levels === undefined && budget === undefined) return undefined
    if (budget?.off) return { thinkingBudget: 0 }
    leaveOut('reasoning', `${model} always thinks: reasoning cannot be 'off'.`, {
      advice: `Leave it out, or set reasoning: '${levels?.includes('MINIMAL') ? 'minimal' : 'low'}'.`,
    })
    return undefined
  }
  if (typeof reasoning === 'object') {
    // Models with levels take budgets too, "for backwards compatibility".
    const { min, max } = budget ?? { min: 1, max: 65_535 }
    const { budgetTokens } = reasoning
    if (budgetTokens >= min && budgetTokens <= max)
      return { includeThoughts: true, thinkingBudget: budgetTokens }
    leaveOut('reasoning', `A thinking budget of ${model} has ${min} to ${max} tokens, not ${budgetTokens}.`, {
      advice: 'Change reasoning.',
    })
    return undefined
  }
  if (levels !== undefined) return { includeThoughts: true, thinkingLevel: levelOf(reasoning, levels) }
  if (budget !== undefined)
    return {
      includeThoughts: true,
      thinkingBudget: Math.max(budget.min, Math.min(budgets[reasoning], budget.max)),
    }
  return undefined
}

type Name = Exclude<Reasoning, 'off' | object>

const budgets: Record<Name, number> = { minimal: 512, low: 4_096, medium: 10_000, high: 20_000, max: 32_768 }
const order: readonly Level[] = ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH']
const wanted: Record<Name, number> = { minimal: 0, low: 1, medium: 2, high: 3, max: 3 }

/** The level, or the next higher one that the model has. */
function levelOf(name: Name, levels: readonly Level[]): Level {
  return order.slice(wanted[name]).find((level) => levels.includes(level)) ?? 'HIGH'
}
