// Results of a batch, read through a policy: each result is intercepted, and the policy learns once how the reading ended.
import { addUsage, type BatchResult, type Clock, LlmError, type Provider } from '@patchbay/core'
import { asLlmError } from '@patchbay/core/wrap'
import type { BatchTotals, Interception, PolicyCall } from './interception.js'
import { readWithDeadline } from './read-with-deadline.js'
import { ReadingEnd } from './reading-end.js'
import { runInside, startInterception } from './start-interception.js'

/** The results of a batch, as the policy passes them on. `release` is called once the call has ended, whether anybody reads on or not. */
export async function* readResults(
  { request: id, options, deadline }: PolicyCall & { kind: 'batches.results' },
  intercept: () => Interception | Promise<Interception>,
  inner: Provider,
  { provider, model }: { provider: string; model: string },
  clock: Clock,
  release: () => void,
): AsyncGenerator<BatchResult> {
  const totals: BatchTotals = { answered: 0, failed: 0, usage: {} }
  const end = new ReadingEnd(clock, release)
  try {
    const interception = await startInterception(intercept, deadline)
    end.interception = interception
    deadline.suspend()
    const remaining = deadline.remaining(interception.options ?? options)
    const open = () => interception.results?.(remaining) ?? inner.batches.results(id, remaining)
    const inside = <T>(step: () => T) => runInside(interception, step)
    for await (const value of readWithDeadline(open, deadline, inside, end.stop)) {
      if (value.response === undefined) totals.failed++
      else totals.answered++
      totals.usage = addUsage(totals.usage, value.response?.usage ?? value.error?.partial?.usage ?? {})
      yield await deadline.waitFor(() => interception.result?.(value) ?? value)
    }
    end.complete()
    deadline.resume()
    await deadline.waitFor(() => interception.done?.(totals))
  } catch (thrown) {
    const error = asLlmError(thrown, { provider, model })
    await end.fail(error)
    throw end.interception.error?.(error) ?? error
  } finally {
    await end.fail(
      new LlmError('aborted', 'The reader left the results before their end.', { provider, model }),
    )
  }
}
