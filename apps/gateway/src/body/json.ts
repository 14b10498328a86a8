// JSON of untrusted clients: depth and number of values are checked before any value is made. Large bodies are parsed by
// a worker thread, so that no other request waits.

import { requestError } from '../answer/http-status.js'
import { measureJson } from './json-measure.js'
import { parseInThread } from './json-thread.js'

/** Bytes from which on the worker thread parses: below, parsing takes a millisecond or two. */
export const largeBody = 256 * 1024

// No real schema or conversation is as deep, or has as many values.
const maxDepth = 200
const maxValues = 50_000
/** All JSON texts inside a body together: arguments of tool calls. */
const maxCharacters = 4 * 1024 * 1024

/** @throws {LlmError} `invalid-request` for invalid JSON, or for too many or too deep values */
export function parseJson(text: string): unknown {
  const measured = measureJson(text, maxDepth, maxValues)
  if (typeof measured === 'string') throw requestError(`The body ${measured}.`)
  return parse(text, 'The body')
}

/** JSON texts inside one request (arguments of tool calls), with one limit for all of them. */
export class NestedJson {
  #values = maxValues
  #characters = maxCharacters

  /** @throws {LlmError} `invalid-request` */
  parse(text: string, where: string): unknown {
    this.#count(text, where)
    return parse(text, `${where}:`)
  }

  /**
   * The arguments of a tool call. Invalid JSON is `{ $unparsed: text }`, as in the contract: models write such arguments, and
   * clients send them back.
   * @throws {LlmError} `invalid-request` for too many or too deep values
   */
  parseArguments(text: string, where: string): unknown {
    this.#count(text, where)
    try {
      return JSON.parse(text)
    } catch {
      return { $unparsed: text }
    }
  }

  #count(text: string, where: string): void {
    this.#characters -= text.length
    if (this.#characters < 0)
      throw requestError(`${where}: all of these must have at most ${maxCharacters} characters.`)
    const measured = measureJson(text, maxDepth, this.#values)
    if (typeof measured === 'string') throw requestError(`${where}: ${measured}.`)
    this.#values -= measured
  }
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw requestError(`${what} must be JSON.`)
  }
}

/**
 * Parses a body as it arrives. The chunks of a large one are never joined here, which would block the event loop.
 * @throws {LlmError} `invalid-request`
 */
export async function parseJsonStream(body: ReadableStream<Uint8Array>): Promise<unknown> {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  for await (const chunk of body) {
    chunks.push(withOwnBuffer(chunk))
    bytes += chunk.byteLength
  }
  if (bytes < largeBody) return parseJson(new TextDecoder().decode(Buffer.concat(chunks)))
  const { problem, value } = await parseInThread(chunks, maxDepth, maxValues)
  if (problem !== undefined) throw requestError(`The body ${problem}.`)
  return value
}

/** The bytes in a buffer that holds nothing else, so that it can be transferred. */
function withOwnBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const hasOwn = bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength
  return hasOwn ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes)
}
