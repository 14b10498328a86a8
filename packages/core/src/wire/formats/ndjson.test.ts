// NDJSON: bytes to lines to values, the same for every cut.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { failureOf } from '../../../test/world.js'
import { jsonLines } from './ndjson.js'

/** A body that comes in these pieces, and notes when it is cancelled. */
function bodyOf(pieces: Uint8Array[], end?: Error): ReadableStream<Uint8Array> & { cancelled: boolean } {
  const left = [...pieces]
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = left.shift()
        if (piece !== undefined) controller.enqueue(piece)
        else if (end !== undefined) controller.error(end)
        else controller.close()
      },
      cancel() {
        made.cancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  const made = Object.assign(stream, { cancelled: false })
  return made
}

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}

function cutAt(bytes: Uint8Array, cuts: number[]): Uint8Array[] {
  const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length]
  return places.slice(1).map((place, index) => bytes.subarray(places[index], place))
}

describe('jsonLines', () => {
  it('law: gives the same values however the bytes are cut', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue(), { maxLength: 6 }),
        fc.constantFrom('\n', '\r\n', '\n\n'),
        fc.boolean(),
        fc.array(fc.nat(2000)),
        async (values, end, last, cuts) => {
          const text = values.map((value) => JSON.stringify(value)).join(end) + (last ? end : '')
          const bytes = new TextEncoder().encode(text)
          const pieces = cutAt(
            bytes,
            cuts.map((cut) => cut % (bytes.length + 1)),
          )
          expect(await collect(jsonLines(bodyOf(pieces)))).toEqual(
            values.map((value) => JSON.parse(JSON.stringify(value))),
          )
        },
      ),
    ))

  it('names a line that is not JSON', async () => {
    const body = bodyOf([new TextEncoder().encode('{"a":1}\n<html>oh no</html>\n')])
    expect(await failureOf(collect(jsonLines(body)))).toMatchObject({
      code: 'bad-response',
      message: expect.stringContaining('<html>oh no'),
    })
  })

  it('tells a broken connection from an abort', async () => {
    const half = new TextEncoder().encode('{"a":')
    expect(await failureOf(collect(jsonLines(bodyOf([half], new TypeError('terminated')))))).toMatchObject({
      code: 'network',
      retryable: true,
    })
    const abort = new DOMException('aborted', 'AbortError')
    expect(await failureOf(collect(jsonLines(bodyOf([half], abort))))).toBe(abort)
  })

  it('cancels the body when its reader leaves', async () => {
    const body = bodyOf([new TextEncoder().encode('1\n2\n'), new TextEncoder().encode('3\n')])
    for await (const value of jsonLines(body)) if (value === 1) break
    expect(body.cancelled).toBe(true)
  })
})
