// What a call did cost, by what its provider counted.
import type { ChatInput, ChatResponse, LlmError, Usage } from '@patchbay/core'
import type { Answer, Incoming } from '../around/passing.js'
import type { Amount } from './account.js'
import { costOf, keepsForAnHour } from './cost.js'
import type { Price } from './prices.js'

/** The most that a call may cost. */
export interface Estimate extends Amount {
  /** The tokens of it that are the answer's. */
  output?: number
}

/** What was asked, as far as it changes the price. */
export type Asking = Pick<Incoming, 'kind' | 'request'>

/** What was counted, without an answer. */
export type Counted = Pick<ChatResponse, 'usage' | 'model'>

/** What it did cost, or the most it may have where nobody says; `broken`: the answer did not come to its end. */
export function spentOn(
  answer: Answer | Counted | undefined,
  { kind, request }: Asking,
  estimate: Estimate,
  priced: (model: string) => Price | undefined,
  broken: boolean,
): Amount {
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
  const cost = 'cost' in answer ? answer.cost : undefined
  const usd = cost ?? (price && costOf({ ...usage, outputTokens }, price, hour)) ?? estimate.usd
  return { usd, tokens: inputTokens + outputTokens }
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
