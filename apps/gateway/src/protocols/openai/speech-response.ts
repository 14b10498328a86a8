// Speech as an HTTP response: the bytes as they come, or server-sent events that contain them.
import { LlmError, type SpeechEvent, type SpeechStream, type Usage } from '@patchbay/core'
import { toBase64 } from '@patchbay/core/wire'
import { statusOf, toLlmError } from '../../answer/http-status.js'
import type { Json } from '../../body/body.js'
import type { RequestRecorder } from '../../server/request-record.js'
import { toError } from './response.js'

const encoder = new TextEncoder()
const eventOf = (value: Json) => encoder.encode(`data: ${JSON.stringify(value)}\n\n`)

/**
 * The response, once speech has begun: a failure before it gets its own HTTP status. One in the middle breaks the connection, or is an
 * event of its own.
 * @throws {LlmError} what the call fails with before its first audio
 */
export async function speechResponse(
  recorder: RequestRecorder,
  speech: SpeechStream,
  format: 'audio' | 'sse',
): Promise<Response> {
  const events = speech[Symbol.asyncIterator]()
  const first = (await events.next()).value as SpeechEvent
  const mediaType = first.type === 'start' ? first.mediaType : 'application/octet-stream'
  recorder.beginStream()
  const writer = new SpeechWriter(recorder, events, format)
  const body = new ReadableStream<Uint8Array>(
    { pull: (controller) => writer.pull(controller), cancel: () => writer.cancel() },
    { highWaterMark: 0 },
  )
  const headers = {
    'content-type': format === 'sse' ? 'text/event-stream' : mediaType,
    'cache-control': 'no-cache',
    // Proxies must not buffer it.
    'x-accel-buffering': 'no',
    ...recorder.idHeaders,
    ...recorder.responseHeaders(),
  }
  return new Response(body, { headers })
}

/** The usage of images and speech. */
export function toMediaUsage({ inputTokens = 0, outputTokens = 0 }: Usage): Json {
  return {
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  }
}

class SpeechWriter {
  #stalled: NodeJS.Timeout | undefined

  constructor(
    private readonly recorder: RequestRecorder,
    private readonly events: AsyncIterator<SpeechEvent>,
    private readonly format: 'audio' | 'sse',
  ) {}

  /** Sends what comes next. While the client reads nothing, this is not called, and the service waits. */
  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    clearTimeout(this.#stalled)
    try {
      const { done, value } = await this.events.next()
      if (done) return this.#end(controller, 200)
      if (value.type === 'audio') {
        const { audio } = value
        controller.enqueue(
          this.format === 'sse' ? eventOf({ type: 'speech.audio.delta', audio: toBase64(audio) }) : audio,
        )
        this.#stalled = setTimeout(() => this.#cut(controller), this.recorder.stalledMs)
      } else if (value.type === 'finish') {
        const { usage } = this.recorder.recordAnswer(value.response)
        if (this.format === 'sse')
          controller.enqueue(eventOf({ type: 'speech.audio.done', usage: toMediaUsage(usage) }))
        // The call is over only when its events are.
        await this.events.next()
        this.#end(controller, 200)
      }
    } catch (thrown) {
      const error = toLlmError(thrown)
      const shown = this.recorder.recordFailure(error)
      this.recorder.end(statusOf(error))
      if (this.format === 'audio') return this.recorder.client.breakOff(controller, shown)
      controller.enqueue(eventOf({ type: 'error', ...toError(shown) }))
      controller.close()
    }
  }

  cancel(): void {
    clearTimeout(this.#stalled)
    void this.events.return?.()
    this.recorder.end(499)
  }

  #end(controller: ReadableStreamDefaultController<Uint8Array>, status: number): void {
    this.recorder.end(status)
    controller.close()
  }

  #cut(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const error = new LlmError('timeout', `The client read nothing for ${this.recorder.stalledMs} ms.`)
    this.recorder.recordFailure(error)
    this.recorder.client.breakOff(controller, error)
    this.cancel()
  }
}
