// toSse: the events of a stream or run as server-sent events (WHATWG HTML, section 9.2).
import { ownValues } from '../agent/own-values.js'
import { isObject } from '../object.js'
import { toBase64 } from '../wire/http/platform.js'
import {
  type AnswerOptions,
  type AnswerSource,
  checkAnswerOptions,
  maskedError,
  responseBody,
} from './response-body.js'

/** Options of `toSse`. */
export interface SseOptions<Event, Result> extends AnswerOptions<Result> {
  /** What the client gets of an event, as JSON; `undefined` leaves it out. Default: see `toSse`. */
  event?: ((event: Event) => unknown) | undefined
}

/**
 * The events of a stream or run as a response of server-sent events: each as `data: {"type":"text","text":"Hello"}`, then
 * `event: end` with `data: {}`, at which a browser's `EventSource` must be closed, since it would connect again. A failure is
 * `event: error` with `data: {"message":"…"}`.
 *
 * By default the client gets no more than a page needs: `start` without provider, model and ids; `finish` with text, finish reason
 * and usage; `step-end` without messages; a failed tool's `tool-result` without its error; no opaque state. Values
 * of `streamObject` and `streamElements` are sent whole.
 * @example
 * export const POST = async (request: Request) => toSse(runTools(llm, { messages: await request.json(), tools }))
 */
export function toSse<Event, Result>(
  source: AnswerSource<Event, Result>,
  options: SseOptions<Event, Result> = {},
): Response {
  checkAnswerOptions(options, 'of toSse()', ['event'])
  const { event: select = clientEvent } = options
  const encode = (event: Event) => {
    const data = select(event)
    return data === undefined ? undefined : `data: ${JSON.stringify(data, withBase64)}\n\n`
  }
  const encoding = {
    encode,
    end: () => 'event: end\ndata: {}\n\n',
    failed: (message: string) => `event: error\ndata: ${JSON.stringify({ message })}\n\n`,
  }
  return new Response(responseBody(source, encoding, options), {
    status: options.status ?? 200,
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      // nginx and others would collect the body before they send it.
      'x-accel-buffering': 'no',
      ...options.headers,
    },
  })
}

/** Writes bytes as base64. A `Buffer` has become a list of numbers before a replacer sees it, so the original is asked. */
function withBase64(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const original = this[key]
  return original instanceof Uint8Array ? toBase64(original) : value
}

/** The part of an event that a page needs; values of `streamObject` and `streamElements` as they are, whatever their `type`. */
function clientEvent(event: unknown): unknown {
  if (!isObject(event) || ownValues.has(event)) return event
  switch (event.type) {
    case 'start':
      return { type: 'start' }
    case 'finish': {
      const { text, finishReason, usage } = isObject(event.response) ? event.response : {}
      return { type: 'finish', text, finishReason, usage }
    }
    case 'part': {
      const { opaque: _, ...part } = isObject(event.part) ? event.part : {}
      return { type: 'part', part }
    }
    case 'step-end':
      return { type: 'step-end', step: event.step }
    case 'tool-result': {
      // The value is for the app; the client gets what the model gets.
      const { cause: _, name: _name, input: _input, value: _value, ...result } = event
      return event.isError === true ? { ...result, output: maskedError } : result
    }
    default:
      return event
  }
}
