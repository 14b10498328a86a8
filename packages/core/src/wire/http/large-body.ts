// A large body as a blob, written and encoded in slices: `fetch` would encode a string in one go. Loaded with the first large body.
import { Yielder } from '../../call/event-loop.js'
import { jsonLength, type LargeList } from './large-list.js'

const piece = 256 * 1024

/** The texts, one after another, as UTF-8. */
export async function blobOf(texts: Iterable<string>): Promise<Blob> {
  const encoder = new TextEncoder()
  const yielder = new Yielder()
  const pieces: Uint8Array<ArrayBuffer>[] = []
  let waiting = ''
  const add = async (text: string, isLast: boolean) => {
    waiting += text
    if (waiting.length < piece && !isLast) return
    for (const part of partsOf(waiting)) {
      pieces.push(encoder.encode(part))
      await yielder.yieldIfDue()
    }
    waiting = ''
  }
  for (const text of texts) await add(text, false)
  await add('', true)
  return new Blob(pieces)
}

/** JSON in pieces, with the list in place of its mark; without the mark, an option of the caller has replaced the list. */
export function* textsOf(json: string, { mark, list }: LargeList): Generator<string> {
  const [before = '', after] = json.split(JSON.stringify(mark))
  yield before
  if (after === undefined) return
  // A copy has no mark.
  yield* piecesOf([...list])
  yield after
}

function* piecesOf(value: unknown): Generator<string> {
  if (typeof value === 'string' && value.length > piece) {
    yield '"'
    for (const part of partsOf(value)) yield JSON.stringify(part).slice(1, -1)
    yield '"'
  } else if (typeof value !== 'object' || value === null || jsonLength(value) < piece) {
    yield JSON.stringify(value) ?? 'null'
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
      if (one === undefined) continue
      yield `${separator}${JSON.stringify(name)}:`
      yield* piecesOf(one)
      separator = ','
    }
    yield separator === '{' ? '{}' : '}'
  }
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
