// Speech: checks the request, and runs one call, from its attempts to the last piece of audio. Loaded with the first operation.

import type { CallEnvironment } from '../call/chat-call.js'
import { startLifecycle } from '../call/lifecycle.js'
import { validCounts } from '../call/response.js'
import type { Backend, BackendSpeechEvent, PreparedSpeak } from '../contract/backend.js'
import type { CallOptions } from '../contract/call-options.js'
import { asLlmError, incompleteAnswer, invalid, LlmError } from '../contract/errors.js'
import type { SpeakRequest, SpeechEvent } from '../contract/operations.js'
import { isObject, omitUndefined } from '../object.js'
import { readCallerValue } from '../request/caller-objects.js'
import { checkOptionNames } from '../request/option-names.js'
import { optionNames } from '../request/request-names.js'
import { requireMedia } from './media-capability.js'

type Speaking = Backend & Required<Pick<Backend, 'speak'>>

const formats: readonly unknown[] = ['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm']

/** @throws {LlmError} `invalid-request` with the path of what is wrong */
export function checkSpeakRequest(input: string | SpeakRequest): SpeakRequest {
  const request = typeof input === 'string' ? { text: input } : input
  if (!isObject(request)) throw invalid('request', 'must be a text, or an object with text')
  checkOptionNames(request, optionNames.speakRequest, 'of speak()')
  const { text, voice, instructions, format, speed } = request
  for (const [name, value] of Object.entries({
    text,
    voice: voice ?? '-',
    instructions: instructions ?? '-',
  }))
    if (typeof value !== 'string' || value.trim() === '')
      throw invalid(name, 'must be a string that is not empty')
  if (format !== undefined && !formats.includes(format))
    throw invalid('format', `must be one of ${formats.join(', ')}, not ${String(format)}`)
  if (speed !== undefined && !(Number.isFinite(speed) && speed > 0))
    throw invalid('speed', `must be a number above 0, not ${String(speed)}`)
  return request
}

function prepareSpeak(input: string | SpeakRequest, provider: string): PreparedSpeak {
  const { providerOptions, ...options } = checkSpeakRequest(input)
  return { ...omitUndefined(options), providerOptions: providerOptions?.[provider] ?? {} }
}

/** Of one answer, in bytes: an hour and a half of 16-bit samples at 24 kHz, and many hours of MP3. All of it is kept for the response. */
const mostAudio = 256 * 1024 * 1024

/**
 * The events of one call. Aborting `leaving` ends it; its reason is the error.
 * @throws {LlmError} for every failure
 */
export async function* speechEvents(
  backend: Speaking,
  request: string | SpeakRequest,
  environment: CallEnvironment,
  options: CallOptions,
  leaving: AbortSignal,
): AsyncGenerator<SpeechEvent, void> {
  const { provider, model } = backend
  const { settings, begin } = environment
  let prepared: PreparedSpeak
  try {
    prepared = await readCallerValue('The request', () => prepareSpeak(request, provider))
  } catch (error) {
    throw asLlmError(error, { provider, model })
  }
  const lifecycle = await startLifecycle(settings, options)
  let events: AsyncIterator<BackendSpeechEvent> | undefined
  let unregister: () => void = () => {}
  // Not awaited: a backend that hangs must not delay the caller. Errors after the end are ignored.
  const release = () => {
    void (async () => events?.return?.())().catch(() => {})
    unregister()
  }
  const onLeaving = () => lifecycle.stop(leaving.reason as LlmError)
  let failure: LlmError | undefined
  try {
    unregister = begin()
    lifecycle.onStop = release
    if (leaving.aborted) onLeaving()
    leaving.addEventListener('abort', onLeaving)
    const collector = new SpeechCollector(backend)
    // A failure may be retried until the first piece of audio has come.
    let event: SpeechEvent | undefined = await lifecycle.runAttempts(async (context) => {
      collector.restart()
      await lifecycle.wait(requireMedia(environment, 'speech', context), 'first')
      events = backend.speak(prepared, context)[Symbol.asyncIterator]()
      try {
        for (;;) {
          const event = collector.add(await lifecycle.wait(events.next(), 'first'))
          if (event !== undefined) return event
        }
      } catch (error) {
        void events.return?.().catch(() => {})
        throw error
      }
    })
    yield collector.start
    for (;;) {
      // The call may have been stopped while nobody read.
      if (lifecycle.stopError !== undefined) throw lifecycle.stopError
      if (event?.type === 'finish') {
        // The call is over, even if nobody reads on.
        lifecycle.end()
        release()
        yield event
        return
      }
      if (event !== undefined) yield event
      // The idle limit counts only while a reader waits.
      const next = (events as AsyncIterator<BackendSpeechEvent> | undefined)?.next()
      if (next === undefined) throw incompleteAnswer({ provider, model })
      event = collector.add(await lifecycle.wait(next, 'idle', settings.clock.now()))
    }
  } catch (error) {
    failure = lifecycle.errorFrom(asLlmError(error, { provider, model }))
    throw failure
  } finally {
    leaving.removeEventListener('abort', onLeaving)
    lifecycle.end(failure)
    release()
  }
}

/** Checks the order of a backend's events, and collects the audio for the response. */
class SpeechCollector {
  start: SpeechEvent & { type: 'start' }
  readonly #names: { provider: string; model: string }
  #pieces: Uint8Array[] = []
  #length = 0

  constructor({ provider, model }: { provider: string; model: string }) {
    this.#names = { provider, model }
    this.start = { type: 'start', provider, model, mediaType: '' }
  }

  restart(): void {
    this.start = { ...this.start, mediaType: '' }
    this.#pieces = []
    this.#length = 0
  }

  /** The event for the caller, if there is one. */
  add({ done, value }: IteratorResult<BackendSpeechEvent>): SpeechEvent | undefined {
    if (done) throw incompleteAnswer(this.#names)
    if (value.type === 'start') {
      const { mediaType, model = this.start.model } = value
      this.start = { ...this.start, mediaType, model }
      return undefined
    }
    if (value.type === 'audio') {
      if (value.audio.length === 0) return undefined
      this.#length += value.audio.length
      if (this.#length > mostAudio)
        throw new LlmError(
          'bad-response',
          'The answer has more than 256 MB of audio. Split the text, or ask for a smaller format such as mp3.',
          this.#names,
        )
      // A copy: the piece belongs to its reader, who may change it or transfer it.
      this.#pieces.push(value.audio.slice())
      return value
    }
    if (this.#length === 0)
      throw new LlmError('empty-response', 'The answer has no audio. Try again.', this.#names)
    const { provider, model, mediaType } = this.start
    const usage = validCounts(value.usage)
    return { type: 'finish', response: { audio: this.#whole(), mediaType, usage, model, provider } }
  }

  #whole(): Uint8Array {
    const audio = new Uint8Array(this.#length)
    let at = 0
    for (const piece of this.#pieces) {
      audio.set(piece, at)
      at += piece.length
    }
    return audio
  }
}
