// Results of a batch, read through a policy: each result is intercepted, and the policy learns once how the reading ended.
import { addUsage, type BatchResult, type Clock, LlmError, type Provider } from '@patchbay/core'
import { asLlmError } from '@patchbay/core/wrap'
import type { CallDeadline } from './call-deadline.js'
import type { BatchTotals, Interception, PolicyCall } from './interception.js'
import { reportFailure, runInside, startInterception } from './start-interception.js'

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
  let interception: Interception = {}
  let settled = false
  const onStop = (error: LlmError) => {
    if (settled) return
    settled = true
    void reportFailure(interception, error, clock).then(release)
  }
  try {
    interception = await startInterception(intercept, deadline)
    deadline.suspend()
    const remaining = deadline.remaining(interception.options ?? options)
    const open = () => interception.results?.(remaining) ?? inner.batches.results(id, remaining)
    const inside = <T>(step: () => T) => runInside(interception, step)
    for await (const value of readWithDeadline(open, deadline, inside, onStop)) {
      if (value.response === undefined) totals.failed++
      else totals.answered++
      totals.usage = addUsage(totals.usage, value.response?.usage ?? value.error?.partial?.usage ?? {})
      yield await deadline.waitFor(() => interception.result?.(value) ?? value)
    }
    settled = true
    deadline.resume()
    await deadline.waitFor(() => interception.done?.(totals))
  } catch (thrown) {
    const error = asLlmError(thrown, { provider, model })
    if (!settled) await reportFailure(interception, error, clock)
    settled = true
    throw interception.error?.(error) ?? error
  } finally {
    if (!settled) {
      const left = new LlmError('aborted', 'The reader left the results before their end.', {
        provider,
        model,
      })
      await reportFailure(interception, left, clock)
    }
  }
}

/**
 * Iterates as long as the caller waits. An iterator that was not read to its end is closed. A call that is stopped while nobody reads ends
 * at once: `onStop` is called, and the next read, if there is one, fails.
 */
export async function* readWithDeadline<T>(
  open: () => AsyncIterable<T>,
  deadline: CallDeadline,
  inside: <S>(step: () => S) => S = (step) => step(),
  onStop: (error: LlmError) => void = () => {},
): AsyncGenerator<T> {
  const iterator = inside(() => open()[Symbol.asyncIterator]())
  let finished = false
  const close = () => {
    // Not awaited: closing may be slow, and its failure does not matter any more.
    if (!finished) void (async () => iterator.return?.())().catch(() => {})
    finished = true
  }
  let isIdle = false
  const unlisten = deadline.onStop(() => {
    if (!isIdle) return
    close()
    onStop(deadline.stopped as LlmError)
  })
  try {
    for (;;) {
      const { done = false, value } = await deadline.wait(inside(() => iterator.next()))
      finished = done
      if (done) return
      isIdle = true
      yield value
      isIdle = false
      if (deadline.stopped !== undefined) throw deadline.stopped
    }
  } finally {
    unlisten()
    close()
  }
}
