// What compacting a conversation cost and changed, as part of the response or the error of its call.
import type { ChatEvent, ChatResponse, LlmError, Warning } from '@patchbay/core'
import { withUsageOf } from '../composite/attempts.js'
import type { Interception } from '../middleware/interception.js'
import { partsOf, totalUsage, type UsagePart } from '../money/usage-by-model.js'

export class Account {
  readonly #parts: UsagePart[] = []
  readonly #warnings: Warning[] = []

  /** Adds the usage of a request for a summary. */
  count(used: LlmError | ChatResponse): void {
    this.#parts.push(...partsOf(used))
  }

  warn(message: string): void {
    this.#warnings.push({ code: 'other', feature: 'compact', message })
  }

  interception(): Interception {
    const parts = this.#parts
    const warnings = this.#warnings
    if (parts.length === 0 && warnings.length === 0) return {}
    return {
      event: (event: ChatEvent) =>
        event.type === 'start' ? [{ ...event, warnings: [...warnings, ...event.warnings] }] : [event],
      done: (answer) => {
        const response = answer as ChatResponse
        const told = { ...response, warnings: [...warnings, ...response.warnings] }
        if (parts.length === 0) return told
        const { cost: _, ...rest } = told
        const total = { ...rest, ...totalUsage([...parts, ...partsOf(response)]) }
        // The summary was paid for, so the whole does not come from a cache.
        return response.cached ? { ...total, cached: false } : total
      },
      error: (error) =>
        parts.length === 0 ? error : withUsageOf(error, [...parts, ...partsOf(error)], warnings),
    }
  }
}
