// A call that is streamed to a client, whatever the protocol: begun before the status is sent, ended with the client, and
// held up by a client that reads slowly.
import { type ChatEvent, type ChatStream, LlmError } from '@patchbay/core'
import type { Visit } from '../server/request-record.js'
import { failureOf, statusOf } from './http-status.js'

/** How a protocol says it. */
export interface Words {
  contentType: string
  /** What is written for an event. */
  event(event: ChatEvent): string | Promise<string>
  error(error: LlmError): string
}

// So much may wait for a client before the call behind it waits too.
const mostWaiting = 64 * 1024

/**
 * The answer to the client. What fails before its first event throws here, so that it has a status of its own.
 */
export async function streamed(visit: Visit, stream: ChatStream, words: Words): Promise<Response> {
  const events = stream[Symbol.asyncIterator]()
  const first = await events.next()
  visit.streams()
  if (!first.done) visit.event(first.value)
  const teller = new Teller(events, words, visit)
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => void teller.tell(first, controller),
      pull: () => teller.goOn(),
      cancel: () => teller.left(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: mostWaiting }),
  )
  // Proxies between must not keep it back.
  const headers = {
    'content-type': words.contentType,
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
    'x-request-id': visit.id,
    ...visit.noteHeaders(),
  }
  return new Response(body, { headers })
}

const encoder = new TextEncoder()

/** Writes together what comes together: one write for all the events of one packet of the service. */
class Teller {
  #text = ''
  #planned = false
  #left = false
  #goOn: (() => void) | undefined

  constructor(
    private readonly events: AsyncIterator<ChatEvent>,
    private readonly words: Words,
    private readonly visit: Visit,
  ) {}

  async tell(
    first: IteratorResult<ChatEvent>,
    controller: ReadableStreamDefaultController<Uint8Array>,
  ): Promise<void> {
    let status = 200
    try {
      for (let event = first; !event.done; event = await this.events.next()) {
        if (event !== first) this.visit.event(event.value)
        const text = this.words.event(event.value)
        this.#write(typeof text === 'string' ? text : await text, controller)
        while ((controller.desiredSize ?? 0) <= 0 && !this.#left) await this.#room(controller)
      }
    } catch (thrown) {
      const error = failureOf(thrown)
      status = statusOf(error)
      this.#write(this.words.error(this.visit.failed(error)), controller)
    }
    this.#flush(controller)
    if (!this.#left) controller.close()
    this.visit.end(this.#left ? 499 : status)
  }

  goOn(): void {
    this.#goOn?.()
    this.#goOn = undefined
  }

  left(): void {
    this.#left = true
    void this.events.return?.()
    this.goOn()
  }

  /** Until the client has read; one that never does is cut, for nobody else would end it. */
  async #room(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const { stalledMs } = this.visit
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#goOn = resolve
      timer = setTimeout(() => {
        const error = new LlmError('timeout', `The client read nothing for ${stalledMs} ms.`)
        this.visit.failed(error)
        controller.error(error)
        this.left()
      }, stalledMs)
    })
    clearTimeout(timer)
  }

  #write(text: string, controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#text += text
    if (this.#text.length >= mostWaiting) this.#flush(controller)
    else if (!this.#planned) {
      this.#planned = true
      setImmediate(() => this.#flush(controller))
    }
  }

  #flush(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#planned = false
    if (this.#text !== '' && !this.#left) controller.enqueue(encoder.encode(this.#text))
    this.#text = ''
  }
}
