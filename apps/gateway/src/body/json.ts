// JSON of strangers: its size is limited before this; here its depth and the number of its values are, before any of them
// is made. Large bodies are read by a thread of their own, so that nobody else waits for it.

import { refused } from '../answer/http-status.js'
import { problemOf } from './json-measure.js'
import { parseAway } from './json-thread.js'

/** From so many bytes on, a thread is quicker for everybody else: below, reading takes a millisecond or two. */
export const largeBody = 256 * 1024

// Nobody's schema, and nobody's conversation, is as deep, or has as many values.
const deepest = 200
const mostValues = 50_000
/** Texts of JSON inside: the arguments of calls. */
const mostLetters = 4 * 1024 * 1024

/** @throws {LlmError} `invalid-request` for what is no JSON, too deep, or of too many values */
export function parsed(text: string): unknown {
  const measured = problemOf(text, deepest, mostValues)
  if (typeof measured === 'string') throw refused(`The body ${measured}.`)
  return madeOf(text, 'The body')
}

/** JSON in texts of one request: all of them together are bounded too. */
export class NestedJson {
  #values = mostValues
  #letters = mostLetters

  /** @throws {LlmError} `invalid-request` */
  parsed(text: string, where: string): unknown {
    this.#letters -= text.length
    if (this.#letters < 0) throw refused(`${where}: all of these must have at most ${mostLetters} letters.`)
    const measured = problemOf(text, deepest, this.#values)
    if (typeof measured === 'string') throw refused(`${where}: ${measured}.`)
    this.#values -= measured
    return madeOf(text, `${where}:`)
  }
}

function madeOf(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw refused(`${what} must be JSON.`)
  }
}

/**
 * The same for the bytes of a body as they come: to put a large one together would hold up everybody else.
 * @throws {LlmError} `invalid-request`
 */
export async function parsedBytes(body: ReadableStream<Uint8Array>): Promise<unknown> {
  const pieces: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  for await (const piece of body) {
    pieces.push(whole(piece))
    bytes += piece.byteLength
  }
  if (bytes < largeBody) return parsed(new TextDecoder().decode(Buffer.concat(pieces)))
  const { problem, value } = await parseAway(pieces, deepest, mostValues)
  if (problem !== undefined) throw refused(`The body ${problem}.`)
  return value
}

/** Bytes with a buffer of their own. */
function whole(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const isWhole = bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength
  return isWhole ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes)
}
