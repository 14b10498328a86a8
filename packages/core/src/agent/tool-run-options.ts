// Options of `runTools`: the defaults of the loop, and the check of their names and limits.

import type { CallOptions } from '../contract/call-options.js'
import { systemClock } from '../contract/clock.js'
import { invalid } from '../contract/errors.js'
import { describe } from '../describe.js'
import type { Complete } from '../object.js'
import { checkCallOptionNames, optionNames } from '../request/request-names.js'
import type { ToolLoopOptions, ToolRunOptions } from './tool-run.js'

/** The options of the loop, with defaults. */
export type ToolLoopSettings = Complete<Omit<ToolLoopOptions, 'context'>> & { context: unknown }

/**
 * The options of the loop with defaults, and all other options, which are those of its calls.
 * @throws {LlmError} `invalid-request` for invalid limits
 */
export function splitToolRunOptions(options: ToolRunOptions): {
  loop: ToolLoopSettings
  call: CallOptions
} {
  const {
    maxSteps = 10,
    concurrency = 8,
    toolTimeout = 60_000,
    maxResultLength = 200_000,
    approve = () => 'later',
    stopWhen = () => false,
    onToolError = 'tell',
    clock = systemClock,
    context,
    ...call
  } = options
  checkCallOptionNames(call, 'of runTools()', optionNames.toolLoop)
  const limits = { maxSteps, concurrency, toolTimeout, maxResultLength }
  for (const [name, value] of Object.entries(limits))
    if (!(typeof value === 'number' && value >= 1))
      throw invalid(name, `must be a number of at least 1, not ${describe(value)} (${typeof value})`)
  return { loop: { ...limits, approve, stopWhen, onToolError, clock, context }, call }
}
