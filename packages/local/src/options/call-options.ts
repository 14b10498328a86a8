// Options of one call to a local model: `providerOptions.local`.
import { LlmError } from '@patchbay/core'
import { checkOptionNames } from '@patchbay/core/wire'
import { type Priority, priorities, type QueueEntry } from '../supervisor/fair-queue.js'
import type { InfillText } from '../supervisor/protocol.js'
import { type SamplerOptions, samplerOptionNames } from './sampler-options.js'

/**
 * Options of one call to a local model.
 * @example
 * await llm.chat({ messages: 'Hi', providerOptions: { local: { caller: 'user 42', priority: 'high' } } })
 */
export interface LocalCallOptions extends SamplerOptions {
  /** Calls of a higher priority start first; lower ones wait for as long as there are any. Default `'normal'`. */
  priority?: Priority | undefined
  /**
   * Fill in the middle: the answer is what stands between these texts, by the model's own tokens; the messages are not sent. Only
   * for models that have them (`capabilities().infill`), without tools and JSON. `complete` of a provider sets it.
   */
  infill?: { prefix: string; suffix?: string | undefined } | undefined
  /** Name of the caller. Callers of one priority take turns, however many calls each has waiting. Default: one for each handle. */
  caller?: string | undefined
}

/**
 * The queue entry of a call.
 * @throws {LlmError} `invalid-request` for unknown or invalid options
 */
export function queueEntry(options: Record<string, unknown>, handle: unknown, isChat = false): QueueEntry {
  const names = ['priority', 'caller', ...(isChat ? ['infill', ...samplerOptionNames] : [])]
  checkOptionNames(options, names, 'of providerOptions.local')
  const { priority = 'normal', caller = handle } = options
  if (!isPriority(priority))
    throw new LlmError(
      'invalid-request',
      `providerOptions.local.priority must be one of ${priorities.join(', ')}, not ${String(priority)}.`,
    )
  return { priority, caller }
}

/**
 * The text with a gap of a call, if there is one.
 * @throws {LlmError} `invalid-request` for anything but texts
 */
export function infillText({ infill }: Record<string, unknown>): InfillText | undefined {
  if (infill === undefined) return undefined
  const { prefix, suffix = '' } = (infill ?? {}) as Record<string, unknown>
  if (typeof prefix !== 'string' || typeof suffix !== 'string')
    throw new LlmError(
      'invalid-request',
      'providerOptions.local.infill must be { prefix, suffix }, both of them texts.',
    )
  return { prefix, suffix }
}

function isPriority(value: unknown): value is Priority {
  return priorities.some((priority) => priority === value)
}
