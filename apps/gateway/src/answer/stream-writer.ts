// Writes a streamed answer to the client: the status is sent after the first event, a client that disconnects aborts the
// call, and a slow reader slows the call down.
import { type ChatEvent, type ChatStream, LlmError } from '@patchbay/core'
import type { RequestRecorder } from '../server/request-record.js'
import { statusOf, toLlmError } from './http-status.js'

/** How a protocol writes a stream. */
export interface StreamFormat {
  contentType: string
  /**
   * Sees the first event before anything is sent.
   * @throws {LlmError} what the client must be told in place of the answer
   */
  begin?(first: ChatEvent): void
  /** Gets the way to send text that comes without an event. */
  open?(send: Send): void
  /** The text to send for an event; may be empty. */
  event(event: ChatEvent): string | Promise<string>
  /** The text that ends a broken stream. */
  error(error: LlmError): string
}

/** Sends text; if the client cannot take more, the promise settles when it can. */
export type Send = (text: string) => Promise<void> | undefined

// Bytes that may wait for a client before the call waits too.
const maxBuffered = 64 * 1024

/**
 * The HTTP response for a stream. A failure before the first event is thrown, so that it gets its own HTTP status.
 * @throws {LlmError} what the call fails with before its first event
 */
export async function streamResponse(
  recorder: RequestRecorder,
  stream: ChatStream,
  format: StreamFormat,
): Promise<Response> {
  const events = stream[Symbol.asyncIterator]()
  const first = await events.next()
  try {
    if (!first.done) format.begin?.(first.value)
  } catch (error) {
    await events.return?.()
    throw error
  }
  recorder.beginStream()
  if (!first.done) recorder.recordEvent(first.value)
  const writer = new StreamWriter(stream, events, format, recorder)
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => void writer.run(first, controller),
      pull: () => writer.resume(),
      cancel: () => writer.cancel(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: maxBuffered }),
  )
  // Proxies must not buffer it.
  const headers = {
    'content-type': format.contentType,
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
    ...recorder.idHeaders,
    ...recorder.responseHeaders(),
  }
  return new Response(body, { headers })
}

const encoder = new TextEncoder()

/** Writes all events that arrive together in one write. */
class StreamWriter {
  #text = ''
  #isFlushPlanned = false
  #isCancelled = false
  readonly #waiting = new Set<() => void>()

  constructor(
    private readonly stream: ChatStream,
    private readonly events: AsyncIterator<ChatEvent>,
    private readonly format: StreamFormat,
    private readonly recorder: RequestRecorder,
  ) {}

  async run(
    first: IteratorResult<ChatEvent>,
    controller: ReadableStreamDefaultController<Uint8Array>,
  ): Promise<void> {
    let status = 200
    try {
      this.format.open?.((text) => this.#send(text, controller))
      for (let event = first; !event.done; event = await this.events.next()) {
        if (event !== first) this.recorder.recordEvent(event.value)
        const text = this.format.event(event.value)
        const waiting = this.#send(typeof text === 'string' ? text : await text, controller)
        if (waiting !== undefined) await waiting
      }
    } catch (thrown) {
      const error = toLlmError(thrown)
      status = statusOf(error)
      this.#write(this.format.error(this.recorder.recordFailure(error)), controller)
    }
    this.#flush(controller)
    if (this.#isCancelled) await this.#recordCut()
    else controller.close()
    this.recorder.end(this.#isCancelled ? 499 : status)
  }

  /** What had arrived when the client left was used, too. */
  async #recordCut(): Promise<void> {
    const { partial } = toLlmError(await this.stream.response().catch((error: unknown) => error))
    if (partial !== undefined) this.recorder.recordPartial(partial)
  }

  resume(): void {
    for (const go of this.#waiting) go()
    this.#waiting.clear()
  }

  cancel(): void {
    this.#isCancelled = true
    void this.events.return?.()
    this.resume()
  }

  /** Sends text. While the client reads more slowly than it comes, there is something to wait for. */
  #send(text: string, controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> | undefined {
    if (text !== '') this.#write(text, controller)
    return this.#mustWait(controller) ? this.#untilRead(controller) : undefined
  }

  #mustWait(controller: ReadableStreamDefaultController<Uint8Array>): boolean {
    return (controller.desiredSize ?? 0) <= 0 && !this.#isCancelled
  }

  async #untilRead(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    while (this.#mustWait(controller)) await this.#waitForReader(controller)
  }

  /** Waits until the client has read; cuts one that reads nothing for `stalledMs`. */
  async #waitForReader(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const { stalledMs } = this.recorder
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#waiting.add(resolve)
      timer = setTimeout(() => {
        const error = new LlmError('timeout', `The client read nothing for ${stalledMs} ms.`)
        this.recorder.recordFailure(error)
        this.recorder.client.breakOff(controller, error)
        this.cancel()
      }, stalledMs)
    })
    clearTimeout(timer)
  }

  #write(text: string, controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#text += text
    if (this.#text.length >= maxBuffered) this.#flush(controller)
    else if (!this.#isFlushPlanned) {
      this.#isFlushPlanned = true
      setImmediate(() => this.#flush(controller))
    }
  }

  #flush(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#isFlushPlanned = false
    if (this.#text !== '' && !this.#isCancelled) controller.enqueue(encoder.encode(this.#text))
    this.#text = ''
  }
}
