// Reasoning effort, the same in both of OpenAI's protocols.
import type { Reasoning } from '@patchbay/core'
import { requestError } from '../../answer/http-status.js'

const efforts: Record<string, Reasoning> = {
  none: 'off',
  minimal: 'minimal',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'max',
  max: 'max',
}

/** The reasoning effort, the same in both of OpenAI's protocols. */
export function toEffort(effort: unknown, where: string): Reasoning | undefined {
  if (effort === undefined || effort === null) return undefined
  const reasoning = typeof effort === 'string' && Object.hasOwn(efforts, effort) ? efforts[effort] : undefined
  if (reasoning !== undefined) return reasoning
  throw requestError(`${where}: must be one of ${Object.keys(efforts).join(', ')}.`)
}
