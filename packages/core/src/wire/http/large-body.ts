// A large body as a blob, written, encoded and sent in slices: `fetch` would encode a string in one go, and read a plain blob to
// its end without yielding. Loaded with the first large body.
import { Yielder } from '../../call/event-loop.js'
import { jsonLength, type LargeField } from './json-length.js'

const piece = 256 * 1024

/** The texts, one after another, as UTF-8. */
export async function blobOf(texts: Iterable<string>): Promise<Blob> {
  const encoder = new TextEncoder()
  const yielder = new Yielder()
  // A blob for each piece: byte arrays would all be copied at once.
  const pieces: Blob[] = []
  let waiting = ''
  const encode = async () => {
    for (const part of partsOf(waiting)) {
      pieces.push(new Blob([encoder.encode(part)]))
      await yielder.yieldIfDue()
    }
    waiting = ''
  }
  for (const text of texts) {
    waiting += text
    // Many small texts take time too.
    await (waiting.length < piece ? yielder.yieldIfDue() : encode())
  }
  await encode()
  return new SlicedBlob(pieces)
}

/** A blob whose stream yields to the event loop between its pieces. */
class SlicedBlob extends Blob {
  readonly #pieces: readonly Blob[]

  constructor(pieces: Blob[]) {
    super(pieces)
    this.#pieces = pieces
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const pieces = this.#pieces.values()
    const yielder = new Yielder()
    return new ReadableStream({
      async pull(controller) {
        await yielder.yieldIfDue()
        const { done, value } = pieces.next()
        if (done) controller.close()
        else controller.enqueue(new Uint8Array(await value.arrayBuffer()))
      },
    })
  }
}

/** JSON in pieces, with each field in place of its mark; a field without its mark was replaced by an option of the caller. */
export function* textsOf(json: string, fields: readonly LargeField[]): Generator<string> {
  const placed = fields
    .map(({ mark, value }) => ({ value, mark: JSON.stringify(mark), at: json.indexOf(JSON.stringify(mark)) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at)
  let from = 0
  for (const { value, mark, at } of placed) {
    yield json.slice(from, at)
    yield* piecesOf(value)
    from = at + mark.length
  }
  yield json.slice(from)
}

/** A value as JSON in pieces; `null` for one that JSON cannot hold. */
export function* piecesOf(value: unknown): Generator<string> {
  const pieces = definedPiecesOf(value)
  const { value: first } = pieces.next()
  yield first ?? 'null'
  yield* pieces
}

/** None for what `JSON.stringify` leaves out of objects. */
function* definedPiecesOf(given: unknown): Generator<string, undefined> {
  const value = hasToJson(given) ? given.toJSON() : given
  if (typeof value === 'string' && value.length > piece) {
    yield '"'
    for (const part of partsOf(value)) yield JSON.stringify(part).slice(1, -1)
    yield '"'
  } else if (typeof value !== 'object' || value === null || jsonLength(value, piece) < piece) {
    const text: string | undefined = JSON.stringify(value)
    if (text !== undefined) yield text
  } else if (Array.isArray(value)) {
    yield '['
    for (const [index, one] of value.entries()) {
      if (index > 0) yield ','
      yield* piecesOf(one)
    }
    yield ']'
  } else {
    let separator = '{'
    for (const [name, one] of Object.entries(value)) {
      let before = `${separator}${JSON.stringify(name)}:`
      for (const text of definedPiecesOf(one)) {
        yield before + text
        before = ''
        separator = ','
      }
    }
    yield separator === '{' ? '{}' : '}'
  }
}

function hasToJson(value: unknown): value is { toJSON(): unknown } {
  return (
    typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function'
  )
}

function* partsOf(text: string): Generator<string> {
  for (let from = 0; from < text.length; ) {
    const most = from + piece
    // Two halves of one character stay together.
    const to = /[\ud800-\udbff]/.test(text[most - 1] ?? '') ? most + 1 : most
    yield text.slice(from, to)
    from = to
  }
}
