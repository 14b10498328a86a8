// Reading of an iterable for as long as the caller of a call waits.
import type { LlmError } from '@patchbay/core'
import type { CallDeadline } from './call-deadline.js'

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
