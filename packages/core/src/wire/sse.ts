// Server-sent events (WHATWG HTML, section 9.2), as Anthropic, OpenAI and compatible servers stream.
import { LlmError } from '../errors.js'
import { excerpt } from './http.js'
import { textLines } from './lines.js'

/** One event: its name, where it has one, and its data. */
export interface ServerEvent {
  event: string
  data: string
}

/**
 * The events of a body. Comments and events without data are skipped; an event that the end of the body cuts short is
 * given as far as it came, for its reader to judge.
 * @throws {LlmError} `network` when the connection breaks
 */
export async function* serverEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  let event = ''
  let data: string | undefined
  for await (const line of textLines(body, /\r\n|\n|\r/)) {
    if (line === '') {
      if (data !== undefined) yield { event, data }
      event = ''
      data = undefined
      continue
    }
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'data') data = data === undefined ? value : `${data}\n${value}`
    else if (field === 'event') event = value
  }
  if (data !== undefined) yield { event, data }
}

/**
 * The JSON values of a body of server-sent events, up to `[DONE]` where that is said.
 * @throws {LlmError} `bad-response` for data that is not JSON, `network` when the connection breaks
 */
export async function* jsonEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown> {
  for await (const { data } of serverEvents(body)) {
    if (data === '[DONE]') return
    let value: unknown
    try {
      value = JSON.parse(data)
    } catch (cause) {
      throw new LlmError('bad-response', `The server sent an event that is not JSON: ${excerpt(data)}`, {
        cause,
      })
    }
    yield value
  }
}
