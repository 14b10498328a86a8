// What each model used in a call that asked several: they have different prices, and a response or an error has only the sum.
import { type ChatResponse, isLlmError, type LlmError, type Usage } from '@patchbay/core'
import { sum } from '@patchbay/core/wrap'

/** What one model used. */
export interface Part {
  /** Empty where nobody says. */
  model: string
  /** As it was counted. */
  usage: Usage
  /** All that it costs; `undefined` where an answer was cut off, and more may have been made than was counted. */
  whole: Usage | undefined
  /** US dollars, where it is known. */
  cost: number | undefined
}

/** An answer, or what is known of it. */
export type Used = Pick<ChatResponse, 'model' | 'usage'> & Partial<Pick<ChatResponse, 'cost' | 'cached'>>

// By the object: copies of a response or an error keep it.
const partsOfSum = new WeakMap<Usage, readonly Part[]>()

/** None where nothing was used, or a cache answered. */
export function partsOf(used: LlmError | Used): readonly Part[] {
  const { model = '', usage, cost, cached }: Partial<Used> = isLlmError(used) ? (used.partial ?? used) : used
  if (usage === undefined || cached) return []
  return partsOfSum.get(usage) ?? [{ model, usage, whole: wholeOf(used, usage), cost }]
}

function wholeOf(used: LlmError | Used, usage: Usage): Usage | undefined {
  if (!isLlmError(used) || hasEnded(used)) return usage
  return costNothing(used) ? { inputTokens: 0, outputTokens: 0, ...usage } : undefined
}

/** Their sum; without `cost` where one of them has none. */
export function together(parts: readonly Part[]): { usage: Usage; cost?: number } {
  const usage = parts.reduce((total, part) => sum(total, part.usage), {})
  partsOfSum.set(usage, parts)
  const cost = totalOf(parts.map((part) => part.cost))
  return { usage, ...(cost !== undefined && { cost }) }
}

/** Nothing where one is missing. */
export function totalOf(costs: readonly (number | undefined)[]): number | undefined {
  return costs.reduce(
    (total, cost) => (total === undefined || cost === undefined ? undefined : total + cost),
    0,
  )
}

/** Refused, or never reached: nothing was made that could cost anything. */
export function costNothing({ code, partial }: LlmError): boolean {
  if (partial !== undefined) return false
  return !['aborted', 'timeout', 'bad-response', 'empty-response', 'structured-output'].includes(code)
}

/** Did the answer come to its end, and was it only not what was asked for? Then all that it cost is known. */
export function hasEnded({ code, partial }: LlmError): boolean {
  if (code === 'structured-output') return true
  return code === 'content-filtered' && (partial?.finishReason ?? 'other') !== 'other'
}
