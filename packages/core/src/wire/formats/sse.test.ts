// Server-sent events: every legal form, the same for every cut.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { failureOf } from '../../../test/world.js'
import { jsonEvents, type ServerEvent, serverEvents } from './sse.js'

function bodyOf(text: string, cuts: number[] = []): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  const pieces = places.slice(1).map((place, index) => bytes.subarray(places[index], place))
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.shift()
      if (piece === undefined) controller.close()
      else if (piece.length > 0) controller.enqueue(piece)
      else controller.enqueue(new Uint8Array())
    },
  })
}

async function read(text: string, cuts?: number[]): Promise<ServerEvent[]> {
  const events: ServerEvent[] = []
  for await (const event of serverEvents(bodyOf(text, cuts))) events.push(event)
  return events
}

describe('serverEvents', () => {
  it.each<[string, string, ServerEvent[]]>([
    [
      'names and data',
      'event: a\ndata: 1\n\ndata: 2\n\n',
      [
        { event: 'a', data: '1' },
        { event: '', data: '2' },
      ],
    ],
    ['no space after the colon', 'data:1\n\n', [{ event: '', data: '1' }]],
    ['several data lines', 'data: 1\ndata: 2\n\n', [{ event: '', data: '1\n2' }]],
    [
      'comments and unknown fields',
      ': OPENROUTER PROCESSING\nid: 7\nretry: 5\ndata: 1\n\n',
      [{ event: '', data: '1' }],
    ],
    ['an event without data', 'event: ping\n\ndata: 1\n\n', [{ event: '', data: '1' }]],
    ['a field without a colon', 'data\n\n', [{ event: '', data: '' }]],
    ['a byte order mark', '\uFEFFdata: 1\n\n', [{ event: '', data: '1' }]],
    [
      'bare JSON',
      '{"a":1}\n{\n "b":\n 2}\n\n',
      [
        { event: '', data: '{"a":1}' },
        { event: '', data: '{ "b": 2}' },
      ],
    ],
    ['bare JSON at the end', '{\n"a":1\n}', [{ event: '', data: '{"a":1}' }]],
    [
      'bare JSON with a name, which the next event has not',
      'event: error\n{"a":1}\n\ndata: 1\n\nevent: error\n{\n"a":1}\ndata: 2\n\n',
      [
        { event: 'error', data: '{"a":1}' },
        { event: '', data: '1' },
        { event: 'error', data: '{"a":1}' },
        { event: '', data: '2' },
      ],
    ],
    ...[
      'data: 1',
      'event: a\ndata: 1',
      'id: 7\ndata: 1',
      'retry: 5\ndata: 1',
      ': comment\ndata: 1',
      '\ndata: 1',
    ].map((next): [string, string, ServerEvent[]] => [
      `${JSON.stringify(next)} after a line that only looks like JSON`,
      `{garbage\n${next}\n\n`,
      [{ event: next.startsWith('event') ? 'a' : '', data: '1' }],
    ]),
    [
      'a line that is ignored in an event with a name',
      'event: a\n{garbage\ndata: 1\n\n',
      [{ event: 'a', data: '1' }],
    ],
    [
      'an error after a line that is ignored',
      '{garbage\nerror: x\n\n',
      [{ event: 'error', data: '{"type":"error","error":{"message":"x"}}' }],
    ],
    ['no blank line at the end', 'data: 1', [{ event: '', data: '1' }]],
  ])('takes %s', async (_, text, events) => expect(await read(text)).toEqual(events))

  it('law: gives the same events for every line end and every cut', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            event: fc.constantFrom('', 'a', 'b'),
            data: fc.string({ unit: 'grapheme' }).filter((data) => !/[\r\n]/.test(data)),
          }),
          { maxLength: 5 },
        ),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.array(fc.nat(2000)),
        async (events, end, cuts) => {
          const text = events
            .map(
              ({ event, data }) => `${event === '' ? '' : `event: ${event}${end}`}data: ${data}${end}${end}`,
            )
            .join('')
          expect(await read(text, cuts)).toEqual(events)
        },
      ),
    ))
})

describe('jsonEvents', () => {
  it('ends at [DONE], and names what is not JSON', async () => {
    const values: unknown[] = []
    for await (const value of jsonEvents(bodyOf('data: {"a":1}\n\ndata: [DONE]\n\ndata: oops\n\n')))
      values.push(value)
    expect(values).toEqual([{ a: 1 }])
    const broken = (async () => {
      for await (const _ of jsonEvents(bodyOf('data: {"a":\n\n')));
    })()
    expect(await failureOf(broken)).toMatchObject({
      code: 'bad-response',
      message: expect.stringContaining('{"a":'),
    })
  })
})

it('a field `error`, as older servers of llama.cpp send it, is an event of an error', async () => {
  const text = 'error: {"code":400,"message":"too large"}\n\ndata: {"a":1}\n\nerror: gone\n\n'
  const values: unknown[] = []
  for await (const value of jsonEvents(new Response(text).body as ReadableStream<Uint8Array>))
    values.push(value)
  expect(values).toEqual([
    { type: 'error', error: { code: 400, message: 'too large' } },
    { a: 1 },
    { type: 'error', error: { message: 'gone' } },
  ])
})
