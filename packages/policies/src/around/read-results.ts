// The results of a batch on their way through a policy: let in, each of them passed on, and let out once, however it ends.
import { type BatchResult, type Clock, LlmError, type Provider } from '@patchbay/core'
import { asLlmError, sum } from '@patchbay/core/wrap'
import { entered, told, within } from './enter.js'
import type { BatchRead, Incoming, Passing } from './passing.js'

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
  let results: AsyncIterator<BatchResult> | undefined
  let settled = false
  let finished = false
  try {
    passing = await entered(enter, patience)
    patience.handOn()
    const left = patience.left(passing.options ?? options)
    results = within(passing, () =>
      (passing.results?.(left) ?? inner.batches.results(id, left))[Symbol.asyncIterator](),
    )
    for (;;) {
      const { done, value } = await patience.wait(
        within(passing, () => (results as AsyncIterator<BatchResult>).next()),
      )
      if (done) {
        finished = true
        break
      }
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
    if (!finished) leave(results)
    if (!settled) {
      const left = new LlmError('aborted', 'The reader left the results before their end.', {
        provider,
        model,
      })
      await told(passing, left, clock)
    }
  }
}

/** Lets go of results that are not read to their end. They may be slow to go; nobody waits for that, or hears of it. */
function leave(results: AsyncIterator<BatchResult> | undefined): void {
  void (async () => results?.return?.())().catch(() => {})
}
