// Decoded events: the end of an answer, however it comes, is the end of the iterator.
import { expect, it } from 'vitest'
import { decodeEvents, type EventDecoder } from './decode-events.js'

/** What each of some reads of the iterator gives. */
async function reads(events: AsyncIterator<string>, count: number): Promise<string[]> {
  const seen: string[] = []
  for (let at = 0; at < count; at++)
    seen.push(
      await events.next().then(
        ({ done, value }) => (done ? 'done' : value),
        (error: Error) => `failed: ${error.message}`,
      ),
    )
  return seen
}

const letters: EventDecoder<string, string> = {
  read: (piece, emit) => {
    for (const letter of piece) emit(letter)
  },
  end: (emit) => emit('END'),
}

async function* cut() {
  yield 'ab'
  // Gives no event: the decoder reads on within the same `next`.
  yield ''
  throw new Error('broke')
}

it('a decoder ends the events after the last piece', async () => {
  const whole = async function* () {
    yield 'ab'
  }
  expect(await reads(decodeEvents(whole(), letters), 5)).toEqual(['a', 'b', 'END', 'done', 'done'])
})

it('pieces that fail are the end: a caller that reads on sees no whole answer', async () => {
  expect(await reads(decodeEvents(cut(), letters), 5)).toEqual(['a', 'b', 'failed: broke', 'done', 'done'])
})

it('so are pieces that fail at once, without a promise', async () => {
  let calls = 0
  const broken: AsyncIterable<string> = {
    [Symbol.asyncIterator]: () => ({
      next() {
        if (++calls === 1) throw new Error('broke')
        return Promise.resolve({ done: true, value: undefined })
      },
    }),
  }
  expect(await reads(decodeEvents(broken, letters), 3)).toEqual(['failed: broke', 'done', 'done'])
})

it('a decoder that fails closes the pieces, and is not asked for an end', async () => {
  let closed = 0
  const pieces = async function* () {
    try {
      yield 'a'
      yield 'b'
    } finally {
      closed++
    }
  }
  const failing: EventDecoder<string, string> = {
    ...letters,
    read(piece, emit) {
      emit(piece)
      if (piece === 'b') throw new Error('cannot be read')
    },
  }
  const events = decodeEvents(pieces(), failing)
  expect(await reads(events, 5)).toEqual(['a', 'b', 'failed: cannot be read', 'done', 'done'])
  expect(closed).toBe(1)
})
