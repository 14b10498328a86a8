// What a call did cost, by what its provider counted.
import type { ChatInput, LlmError, Usage } from '@patchbay/core'
import type { Answer, Incoming } from '../middleware/interception.js'
import type { Amount } from './account.js'
import { costOf, keepsForAnHour } from './cost.js'
import type { Price } from './prices.js'
import { partsOf, totalOf, type Used } from './usage-by-model.js'

/** The most that a call may cost. */
export interface Estimate extends Amount {
  /** The tokens of it that are the answer's. */
  output?: number
}

/** What was asked, as far as it changes the price. */
export type Asking = Pick<Incoming, 'kind' | 'request'>

/** What it did cost, or the most it may have where nobody says; `broken`: the answer did not come to its end. */
export function spentOn(
  answer: Answer | Used | undefined,
  asking: Asking,
  estimate: Estimate,
  priced: (model: string) => Price | undefined,
  broken: boolean,
): Amount {
  const { kind, request } = asking
  if (typeof answer !== 'object' || !('usage' in answer) || !('model' in answer)) return estimate
  if ('cached' in answer && answer.cached) return { usd: 0, tokens: 0 }
  const usage: Usage = answer.usage
  const { inputTokens } = usage
  // Of an answer that broke off, the input is known from its start; of the output, the most is counted, or what others used
  // before it.
  const unsaid = kind !== 'chat' ? 0 : broken ? estimate.output : undefined
  const { outputTokens: said = unsaid } = usage
  const outputTokens = broken ? unsaid && Math.max(unsaid, said ?? 0) : said
  if (inputTokens === undefined || outputTokens === undefined) return estimate
  const price = priced(answer.model)
  const hour = kind === 'chat' && keepsForAnHour(request as ChatInput)
  const told = 'cost' in answer ? answer.cost : undefined
  const cost = told ?? (broken ? undefined : costOfAll(answer, asking, priced))
  const usd = cost ?? (price && costOf({ ...usage, outputTokens }, price, hour)) ?? estimate.usd
  return { usd, tokens: inputTokens + outputTokens }
}

/** Of each model by its own price; nothing where one is not known. */
export function costOfAll(
  used: LlmError | Used,
  { kind, request }: Asking,
  priced: (model: string) => Price | undefined,
): number | undefined {
  const hour = kind === 'chat' && keepsForAnHour(request as ChatInput)
  return totalOf(
    partsOf(used).map(({ model, whole, cost }) => {
      const price = priced(model)
      return cost ?? (price && whole && costOf(whole, price, hour))
    }),
  )
}
