// Server-sent events (WHATWG HTML, section 9.2), as Anthropic, OpenAI and compatible servers stream.
import { decodeBody, endless, lineSplitter, longest } from '../http/body.js'
import { parseJson } from './ndjson.js'
import { fieldsOf } from './received-json.js'

/** One event: its name, where it has one, and its data. */
export interface ServerEvent {
  event: string
  data: string
}

/** Takes text in pieces and gives its whole events; an event the end cuts short is given as far as it came. */
function eventSplitter(): (text: string, last: boolean) => ServerEvent[] {
  const split = lineSplitter()
  let event = ''
  let data: string | undefined
  return (text, last) => {
    const events: ServerEvent[] = []
    const emit = () => {
      if (data !== undefined) events.push({ event, data })
      event = ''
      data = undefined
    }
    for (const line of split(text, last)) {
      if (line === '') emit()
      else {
        const colon = line.indexOf(':')
        const field = colon < 0 ? line : line.slice(0, colon)
        const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
        if (field === 'data') data = data === undefined ? value : `${data}\n${value}`
        else if (field === 'event') event = value
        // llama.cpp's server before August 2025 sends errors in this field.
        else if (field === 'error') events.push({ event: 'error', data: errorData(value) })
        if (data !== undefined && data.length > longest.line) throw endless('an event', longest.line)
      }
    }
    if (last) emit()
    return events
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
 * @throws {LlmError} `network` when the connection breaks, `bad-response` for a line or event above the limit
 */
export function serverEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  return decodeBody(body, eventSplitter())
}

/**
 * The JSON values of a body of server-sent events, up to `[DONE]`, or to the one that `isLast` names.
 * @throws {LlmError} `bad-response` for data that is not JSON or too long, `network` when the connection breaks
 */
export function jsonEvents(
  body: ReadableStream<Uint8Array>,
  isLast: (value: unknown) => boolean = () => false,
): AsyncGenerator<unknown> {
  const split = eventSplitter()
  return decodeBody(body, function* (text, last, over) {
    for (const { data } of split(text, last)) {
      if (data === '[DONE]') return over()
      const value = parseJson(data, 'event')
      if (isLast(value)) over()
      yield value
    }
  })
}
