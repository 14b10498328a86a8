// The parameters `from` and `to` of operations on single requests.
import type { JsonSchema } from '@patchbay/core'
import { isDay, momentOf } from './moment.js'

export const dayMs = 86_400_000

const moment = (description: string): JsonSchema => ({
  type: 'string',
  maxLength: 40,
  description: `${description}: ISO 8601; UTC without a zone.`,
})

export const period: Record<'from' | 'to', JsonSchema> = {
  from: moment('From this day, or date and time'),
  to: moment('Until the end of this day, or before this date and time'),
}

/** Milliseconds since 1970; `to` is not included. */
export interface Period {
  from?: number
  to?: number
}

/** @throws {LlmError} `invalid-request` for a text that is no date */
export function periodOf({ from, to }: Readonly<Record<string, string | undefined>>): Period {
  return {
    ...(from !== undefined && { from: momentOf(from, 'from') }),
    ...(to !== undefined && { to: momentOf(to, 'to') + (isDay(to) ? dayMs : 0) }),
  }
}
