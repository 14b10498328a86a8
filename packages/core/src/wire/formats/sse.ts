// Server-sent events (WHATWG HTML, section 9.2), as Anthropic, OpenAI and compatible servers stream.

import { decodeBody } from '../http/body.js'
import { longest, tooLong } from '../http/limits.js'
import { lineSplitter } from './lines.js'
import { parseJson } from './ndjson.js'
import { fieldsOf } from './received-json.js'

/** One event: its name, or `''`, and its data. */
export interface ServerEvent {
  event: string
  data: string
}

/** A line of an event or a comment, in contrast to one of JSON. */
const knownField = /^(data|event|id|retry|error)?:/

/** Splits streamed text into events; one that the end cuts off is returned as far as it came. */
function eventSplitter(): (text: string, last: boolean) => ServerEvent[] {
  const split = lineSplitter()
  let event = ''
  let data: string | undefined
  /** JSON without a field name: servers send an error so, although the body should be events. */
  let bare = ''
  return (text, last) => {
    const events: ServerEvent[] = []
    const emit = () => {
      if (data !== undefined) events.push({ event, data })
      event = ''
      data = undefined
    }
    // Only the first line and the end are parsed: parsing after each line would take quadratic time.
    const emitBare = () => {
      if (isJson(bare)) {
        data = bare
        emit()
      }
      bare = ''
    }
    for (const line of split(text, last)) {
      // An unknown line is ignored, not what follows it.
      if (bare !== '' && (line === '' || knownField.test(line))) emitBare()
      if (bare !== '' || (data === undefined && line.startsWith('{'))) {
        const isOnly = bare === ''
        bare += line
        if (bare.length > longest.line) throw tooLong('an event', longest.line)
        if (isOnly && line.endsWith('}') && isJson(bare)) emitBare()
      } else if (line === '') emit()
      else {
        const colon = line.indexOf(':')
        const field = colon < 0 ? line : line.slice(0, colon)
        const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
        if (field === 'data') data = data === undefined ? value : `${data}\n${value}`
        else if (field === 'event') event = value
        // llama.cpp's server before August 2025 sends errors in this field.
        else if (field === 'error') events.push({ event: 'error', data: errorData(value) })
        if (data !== undefined && data.length > longest.line) throw tooLong('an event', longest.line)
      }
    }
    if (last) emitBare()
    if (last) emit()
    return events
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Turns the `error` field into `data`. */
function errorData(value: string): string {
  let error: unknown = { message: value }
  try {
    error = JSON.parse(value)
  } catch {
    // Plain text.
  }
  const inner = fieldsOf(error).error
  return JSON.stringify({ type: 'error', error: inner ?? error })
}

/**
 * The events of a body. Comments and events without data are skipped.
 * @throws {LlmError} `network` if the connection breaks, `bad-response` for a line or event above the limit
 */
export function serverEvents(body: ReadableStream<Uint8Array>): AsyncIterableIterator<ServerEvent> {
  return decodeBody(body, eventSplitter(), (event) => event)
}

/**
 * The JSON values of a body of server-sent events, up to `[DONE]`, or up to and including the one for which `isLast` is true.
 * `onText` gets the text of each value just before it is given out.
 * @throws {LlmError} `bad-response` for data that is not JSON or too long, `network` if the connection breaks
 */
export function jsonEvents(
  body: ReadableStream<Uint8Array>,
  isLast: (value: unknown) => boolean = () => false,
  onText?: (text: string) => void,
): AsyncIterableIterator<unknown> {
  return decodeBody(body, eventSplitter(), ({ data }, over) => {
    if (data === '[DONE]') return over()
    const value = parseJson(data, 'event')
    if (isLast(value)) over()
    onText?.(data)
    return value
  })
}
