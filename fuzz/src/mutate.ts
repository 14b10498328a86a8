// Mutation of valid bodies: random damage, split into pieces of any size. fast-check makes it from a seed and shrinks failures.
import fc from 'fast-check'

/** A body, and two ways to cut it: the outcome must not depend on them. */
export interface Case {
  bytes: Uint8Array
  cuts: [number[], number[]]
}

/** Things that parsers trip over. */
const nasty = [
  ...[
    '\r',
    '\n',
    '\r\n',
    '\n\n',
    '\0',
    '\uFEFF',
    ':',
    'data:',
    'data: ',
    'event: ',
    'id:',
    'retry:1',
    '[DONE]',
  ],
  ...[
    '{',
    '}',
    '[',
    ']',
    '"',
    '\\',
    '\\u',
    '\\ud800',
    ',',
    'null',
    'true',
    '{}',
    '[]',
    '""',
    '-0',
    '1e999',
    '9007199254740993',
  ],
  ...[
    '{"__proto__":{"x":1}}',
    '"constructor"',
    `${'['.repeat(3000)}`,
    `${'{"a":'.repeat(2000)}`,
    'x'.repeat(70_000),
  ],
  ...[
    '{"error":{"message":"Overloaded","type":"overloaded_error"}}',
    '<html>',
    '${HOME}',
    '&a',
    '*a',
    '!!js/function',
    '- ',
  ],
].map((text) => new TextEncoder().encode(text))
const notUtf8 = [[0xff], [0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0xed, 0xa0, 0x80]].map((bytes) =>
  Uint8Array.from(bytes),
)

const place = fc.double({ min: 0, max: 1, noNaN: true })
type Change = (bytes: Uint8Array) => Uint8Array

function replaced(bytes: Uint8Array, from: number, until: number, by: Uint8Array): Uint8Array {
  const next = new Uint8Array(from + by.length + bytes.length - until)
  next.set(bytes.subarray(0, from))
  next.set(by, from)
  next.set(bytes.subarray(until), from + by.length)
  return next
}

const inserted = fc.tuple(place, fc.constantFrom(...nasty, ...notUtf8)).map(
  ([at, what]): Change =>
    (bytes) =>
      replaced(bytes, Math.floor(at * bytes.length), Math.floor(at * bytes.length), what),
)
const removed = fc.tuple(place, fc.nat(40)).map(
  ([at, length]): Change =>
    (bytes) => {
      const from = Math.floor(at * bytes.length)
      return replaced(bytes, from, Math.min(bytes.length, from + length), new Uint8Array())
    },
)
const doubled = fc.tuple(place, fc.nat(200)).map(
  ([at, length]): Change =>
    (bytes) => {
      const from = Math.floor(at * bytes.length)
      return replaced(bytes, from, from, bytes.subarray(from, from + length))
    },
)
const flipped = fc.tuple(place, fc.nat(255)).map(
  ([at, byte]): Change =>
    (bytes) => {
      const from = Math.floor(at * bytes.length)
      return replaced(bytes, from, Math.min(bytes.length, from + 1), Uint8Array.of(byte))
    },
)
const cutOff = place.map(
  (at): Change =>
    (bytes) =>
      bytes.subarray(0, Math.floor(at * bytes.length)),
)

/** One value of the JSON in it becomes one of another kind. */
const retyped = fc
  .tuple(place, fc.constantFrom('null', '0', '-1', '1.5', '""', '"x"', '[]', '{}', 'true', '[null]'))
  .map(
    ([at, value]): Change =>
      (bytes) => {
        // Only bytes that are text have values; others stay as they are.
        const text = new TextDecoder('latin1').decode(bytes)
        const values = [
          ...text.matchAll(
            /(?<=":\s?)("(?:[^"\\\n]|\\.)*"|-?\d[\d.e+-]*|true|false|null|\[[^[\]]*\]|\{[^{}]*\})/g,
          ),
        ]
        const found = values[Math.floor(at * values.length)]
        if (found === undefined) return bytes
        return replaced(bytes, found.index, found.index + found[0].length, new TextEncoder().encode(value))
      },
  )
const change = fc.oneof(
  { weight: 3, arbitrary: retyped },
  { weight: 3, arbitrary: inserted },
  { weight: 2, arbitrary: removed },
  { weight: 1, arbitrary: doubled },
  { weight: 1, arbitrary: flipped },
  { weight: 1, arbitrary: cutOff },
)
const cuts = fc.array(fc.nat(100_000), { maxLength: 12 })

/** Damaged bodies, made of these. */
export function damaged(corpus: string[]): fc.Arbitrary<Case> {
  return fc
    .record({
      body: fc.constantFrom(...corpus),
      changes: fc.array(change, { maxLength: 4 }),
      first: cuts,
      second: cuts,
    })
    .map(({ body, changes, first, second }) => ({
      bytes: changes.reduce((bytes, one) => one(bytes), new TextEncoder().encode(body) as Uint8Array),
      cuts: [first, second],
    }))
}

/** A body that comes in pieces. */
export function inPieces(bytes: Uint8Array, cuts: number[]): ReadableStream<Uint8Array> {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  let at = 0
  return new ReadableStream({
    pull(controller) {
      if (++at >= places.length) return controller.close()
      controller.enqueue(bytes.slice(places[at - 1], places[at]))
    },
  })
}
