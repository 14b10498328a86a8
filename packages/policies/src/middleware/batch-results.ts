// The results of a batch on their way through a policy: let in, each of them passed on, and let out once, however it ends.
import { type BatchResult, type Clock, LlmError, type Provider } from '@patchbay/core'
import { asLlmError, sum } from '@patchbay/core/wrap'
import type { Patience } from './call-deadline.js'
import { entered, told, within } from './enter.js'
import type { BatchRead, Incoming, Passing } from './interception.js'

/** The results of a batch, as the policy gives them. */
export async function* readResults(
  { request: id, options, patience }: Incoming & { kind: 'batches.results' },
  enter: () => Passing | Promise<Passing>,
  inner: Provider,
  { provider, model }: { provider: string; model: string },
  clock: Clock,
): AsyncGenerator<BatchResult> {
  const read: BatchRead = { answered: 0, failed: 0, usage: {} }
  let passing: Passing = {}
  let settled = false
  try {
    passing = await entered(enter, patience)
    patience.handOn()
    const left = patience.left(passing.options ?? options)
    const open = () => passing.results?.(left) ?? inner.batches.results(id, left)
    for await (const value of patiently(open, patience, (step) => within(passing, step))) {
      if (value.response === undefined) read.failed++
      else read.answered++
      read.usage = sum(read.usage, value.response?.usage ?? value.error?.partial?.usage ?? {})
      yield await patience.waitFor(() => passing.result?.(value) ?? value)
    }
    settled = true
    patience.takeBack()
    await patience.waitFor(() => passing.done?.(read))
  } catch (thrown) {
    const error = asLlmError(thrown, { provider, model })
    if (!settled) await told(passing, error, clock)
    settled = true
    throw passing.error?.(error) ?? error
  } finally {
    if (!settled) {
      const left = new LlmError('aborted', 'The reader left the results before their end.', {
        provider,
        model,
      })
      await told(passing, left, clock)
    }
  }
}

/** Results one by one, as long as the caller waits; what is not read to its end is let go. */
export async function* patiently<T>(
  open: () => AsyncIterable<T>,
  patience: Patience,
  inside: <S>(step: () => S) => S = (step) => step(),
): AsyncGenerator<T> {
  const results = inside(() => open()[Symbol.asyncIterator]())
  let finished = false
  try {
    for (;;) {
      const { done = false, value } = await patience.wait(inside(() => results.next()))
      finished = done
      if (done) return
      yield value
    }
  } finally {
    // It may be slow to go; nobody waits for that, or hears of it.
    if (!finished) void (async () => results.return?.())().catch(() => {})
  }
}
