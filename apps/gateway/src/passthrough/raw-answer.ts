// The answer to a raw request as the service sent it, collected beside the translated events of the same call.
import { LlmError } from '@patchbay/core'
import { type AnswerTap, answerId as readAnswerId } from '@patchbay/core/wire'
import type { StreamFormat } from '../answer/stream-writer.js'
import type { Json } from '../body/body.js'
import type { RequestRecorder } from '../server/request-record.js'

/** An event, or a whole answer, and the JSON that the service wrote of it. */
export interface RawEvent {
  value: Json
  text: string | undefined
}

/** One answer of a service. There are several if calls are retried, or raced. */
interface Exchange {
  events: RawEvent[]
  isWhole: boolean
}

// Events of a service before the first that is translated: until then, another attempt may answer.
const maxWaiting = 100_000

export class RawAnswer {
  #exchanges: Exchange[] = []
  #chosen: Exchange | undefined
  #write: ((event: RawEvent) => Promise<void> | undefined) | undefined

  /** `refusal` is the error of a request that only this provider, of the same protocol, can honour. */
  constructor(
    private readonly provider: string,
    private readonly recorder: RequestRecorder,
    private readonly refusal: LlmError | undefined,
  ) {}

  /** Begins reading an answer. */
  open(): AnswerTap {
    const exchange: Exchange = { events: [], isWhole: false }
    this.#exchanges.push(exchange)
    return (value, form, text) => {
      const event: RawEvent = { value: value as Json, text }
      if (this.#write !== undefined && exchange === this.#chosen) return this.#write(event)
      if (exchange.events.length >= maxWaiting)
        throw new LlmError(
          'bad-response',
          `The service sent ${maxWaiting} events that say nothing. Try again.`,
        )
      exchange.isWhole = form === 'whole'
      exchange.events.push(event)
      return undefined
    }
  }

  /**
   * Whether the call's answer is known as the service sent it; then nothing of the request was ignored. It is not if a policy
   * has changed the request, and so may change the answer.
   * @throws {LlmError} the refusal, if another provider has answered
   */
  begins({ id, provider }: Answered, form: 'event' | 'whole'): boolean {
    const found = this.#exchanges.findLast(
      ({ events, isWhole }) => isWhole === (form === 'whole') && isAnswer(events, id),
    )
    this.#exchanges = []
    this.#chosen = found
    if (found !== undefined) this.recorder.passedThrough()
    else if (this.refusal !== undefined && provider !== this.provider) throw this.refusal
    return found !== undefined
  }

  /** Passes on each further event as it comes; if `write` returns a promise, the service is read on when it has settled. */
  pipe(write: (event: RawEvent) => Promise<void> | undefined): void {
    if (this.#chosen !== undefined) this.#write = write
  }

  /** What came before that, once. */
  take(): RawEvent[] {
    return this.#chosen?.events.splice(0) ?? []
  }
}

/** Who has answered. */
interface Answered {
  provider: string
  id?: string
}

function isAnswer(events: readonly RawEvent[], id: string | undefined): boolean {
  const ids = events.map(({ value }) => readAnswerId(value)).filter((one) => one !== undefined && one !== '')
  return events.length > 0 && (id === undefined ? ids.length === 0 : ids.includes(id))
}

/** The whole answer as the service sent it; `undefined` if it must be written from the response. */
export function wholeAnswer(answer: RawAnswer | undefined, response: Answered): Json | undefined {
  return answer?.begins(response, 'whole') ? answer.take()[0]?.value : undefined
}

/** How a protocol writes the events of a service of the same protocol. */
export interface RawEvents {
  /** The text of an event, whose JSON is `json()`; empty for one that the client has not asked for. */
  write(event: Json, json: () => string): string
  /** The text after the last event. */
  end?: string
}

/** Writes the service's own events where there are some, and the translated ones elsewhere. */
export function withRawEvents(
  translated: StreamFormat,
  answer: RawAnswer | undefined,
  { write, end = '' }: RawEvents,
): StreamFormat {
  if (answer === undefined) return translated
  let isRaw = false
  // As the service wrote it: numbers and escapes of other languages stay as they are. Only its line ends would mean something here.
  const toText = ({ value, text }: RawEvent) =>
    write(value, () => (text === undefined || text.includes('\n') ? JSON.stringify(value) : text))
  return {
    ...translated,
    begin(first) {
      if (first.type === 'start') isRaw = answer.begins(first, 'event')
    },
    open(send) {
      answer.pipe((event) => send(toText(event)))
    },
    event(event) {
      if (!isRaw) return translated.event(event)
      const waiting = answer.take()
      const text = waiting.length === 0 ? '' : waiting.map(toText).join('')
      return event.type === 'finish' ? text + end : text
    },
  }
}
