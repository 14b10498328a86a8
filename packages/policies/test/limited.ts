// A mock provider with `limit` around it, under a fake clock.
import { type FakeClock, fakeClock, mockProvider } from '@patchbay/testing'
import { type LimitOptions, limit } from '../src/index.js'

export const minute = 60_000
export function limited(options: LimitOptions, answer: { delay?: number } = {}) {
  const clock = fakeClock()
  const answers = Array.from({ length: 500 }, () => ({ text: 'x', ...answer }))
  const inner = mockProvider({ clock, answers, retry: false, capabilities: { maxOutput: 10 } })
  const provider = limit(inner, { clock, ...options })
  return { clock, inner, provider }
}

/** Time goes by until it has settled: who loses a race for shared state waits by the real clock. */
export async function ended<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let over = false
  const end = () => {
    over = true
  }
  work.then(end, end)
  while (!over) await clock.advance(50)
  return work
}
