// Usage by model of a call that used several: they have different prices, but a response or an error has only the sum.
import { addUsage, type ChatResponse, isLlmError, type LlmError, type Usage } from '@patchbay/core'

/** Usage of one model within a call. */
export interface UsagePart {
  /** Empty if unknown. */
  model: string
  /** Of the model, if known. */
  provider?: string | undefined
  /** As the provider counted it. */
  usage: Usage
  /** The billed usage; `undefined` if the answer was cut off, because more may be billed than was counted. */
  billed: Usage | undefined
  /** US dollars, if known. */
  cost: number | undefined
}

/** A response, or the known part of it. */
export type UsedByModel = Pick<ChatResponse, 'model' | 'usage'> &
  Partial<Pick<ChatResponse, 'provider' | 'cost' | 'cached'>>

// Keyed by the usage object, which copies of a response or an error keep.
const partsOfSum = new WeakMap<Usage, readonly UsagePart[]>()

/** The usage of each model. Empty if nothing was used or a cache answered. */
export function partsOf(used: LlmError | UsedByModel): readonly UsagePart[] {
  const {
    model = '',
    provider,
    usage,
    cost,
    cached,
  }: Partial<UsedByModel> = isLlmError(used) ? (used.partial ?? used) : used
  if (usage === undefined || cached) return []
  return partsOfSum.get(usage) ?? [{ model, provider, usage, billed: billedUsage(used, usage), cost }]
}

function billedUsage(used: LlmError | UsedByModel, usage: Usage): Usage | undefined {
  if (!isLlmError(used) || wasComplete(used)) return usage
  return wasFree(used) ? { inputTokens: 0, outputTokens: 0, ...usage } : undefined
}

/** The sum of the parts, with `cost` if each part has one. `partsOf` finds the parts again by the sum. */
export function totalUsage(parts: readonly UsagePart[]): { usage: Usage; cost?: number } {
  const usage = parts.reduce((total, part) => addUsage(total, part.usage), {})
  partsOfSum.set(usage, parts)
  const cost = sumOrUndefined(parts.map((part) => part.cost))
  return { usage, ...(cost !== undefined && { cost }) }
}

/** The sum; `undefined` if one is missing. */
export function sumOrUndefined(costs: readonly (number | undefined)[]): number | undefined {
  return costs.reduce(
    (total, cost) => (total === undefined || cost === undefined ? undefined : total + cost),
    0,
  )
}

/** Was the request refused, or never received? Then nothing was generated that could be billed. */
export function wasFree({ code, partial }: LlmError): boolean {
  if (partial !== undefined) return false
  return !['aborted', 'timeout', 'bad-response', 'empty-response', 'structured-output'].includes(code)
}

/** Was the answer complete, only not acceptable? Then its usage is complete too. */
export function wasComplete({ code, partial }: LlmError): boolean {
  if (code === 'structured-output') return true
  return code === 'content-filtered' && (partial?.finishReason ?? 'other') !== 'other'
}
