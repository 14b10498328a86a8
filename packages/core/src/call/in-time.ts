// Runs an app's own code after a call (schema validators) within the call's time limit and signal.

import { systemClock } from '../contract/clock.js'
import { isLlmError, withDetails } from '../contract/errors.js'
import type { Provider } from '../contract/provider.js'
import type { CallOptions } from '../contract/request.js'
import type { ChatResponse } from '../contract/response.js'
import { startLife } from './lifecycle.js'
import { defaultRetry } from './retry.js'
import { defaultTimeout } from './settings.js'

/**
 * The result of the work.
 * @throws {LlmError} `timeout` once `timeout.total` of the options, or of the provider, has passed since the start of the call;
 * where neither is known, once the work has taken 120 s. `aborted` by the signal. Both with the response as `partial`
 */
export async function inTime<T>(
  { provider, model, timeouts }: Provider,
  options: CallOptions,
  call: { startedAt: number; response?: ChatResponse },
  work: () => Promise<T>,
): Promise<T> {
  const settings = { provider, model, clock: systemClock, random: Math.random, headers: {} }
  const { timeout } = options
  const named = (typeof timeout === 'number' ? timeout : (timeout?.total ?? timeouts?.total)) !== undefined
  const life = await startLife(
    {
      ...settings,
      timeout: { ...defaultTimeout, total: timeouts?.total ?? defaultTimeout.idle },
      retry: defaultRetry,
    },
    options,
    named ? call.startedAt : undefined,
  )
  try {
    return await life.wait(work())
  } catch (error) {
    throw isLlmError(error) ? withDetails(error, { provider, model, partial: call.response }) : error
  } finally {
    life.end()
  }
}
