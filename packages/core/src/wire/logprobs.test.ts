// Log-probabilities are finite, whatever a service writes for what is impossible, so that answers can be stored as JSON.
import { expect, it } from 'vitest'
import { logprobsOf, logprobsToWire } from './logprobs.js'

const written = ['-0.5', '0', '-9999.0', '-1e999', 'null', '-1e300', '"-Infinity"', 'true']

it('what was read from JSON is the same after it was written and read again, as our own form and as that of the wire', () => {
  const numbers = written.flatMap((own) =>
    written.map(
      (other) => `{"token":"a","logprob":${own},"top_logprobs":[{"token":"b","logprob":${other}}]}`,
    ),
  )
  const read = logprobsOf(JSON.parse(`[${numbers.join()}]`))
  // Six of them are numbers, or stand for one.
  expect(read).toHaveLength(6 * written.length)
  expect(read.filter(({ top }) => top.length === 1)).toHaveLength(36)
  for (const one of read.flatMap(({ top, ...own }) => [own, ...top]))
    expect(Number.isFinite(one.logprob), JSON.stringify(one)).toBe(true)
  expect(JSON.parse(JSON.stringify(read))).toEqual(read)
  const again = logprobsOf(JSON.parse(JSON.stringify(logprobsToWire(read))))
  expect(again.map(({ logprob, top }) => [logprob, top.map((one) => one.logprob)])).toEqual(
    read.map(({ logprob, top }) => [logprob, top.map((one) => one.logprob)]),
  )
})
