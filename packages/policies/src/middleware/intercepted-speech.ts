// Speech read through a policy: its events pass by, and the policy learns once how the call ended.
import {
  type Clock,
  LlmError,
  type SpeechEvent,
  type SpeechResponse,
  type SpeechStream,
} from '@patchbay/core'
import { asLlmError } from '@patchbay/core/wrap'
import type { Interception, PolicyCall } from './interception.js'
import { readWithDeadline } from './read-with-deadline.js'
import { ReadingEnd } from './reading-end.js'
import { runInside, startInterception } from './start-interception.js'

/** One call, as the policy passes it on. `release` is called once it has ended, whether anybody reads on or not. */
export async function* readSpeech(
  { request, options, deadline }: PolicyCall & { kind: 'speak' },
  intercept: () => Interception | Promise<Interception>,
  open: (
    request: (PolicyCall & { kind: 'speak' })['request'],
    options: PolicyCall['options'],
  ) => SpeechStream,
  { provider, model }: { provider: string; model: string },
  clock: Clock,
  leaving: AbortSignal,
  release: () => void,
): AsyncGenerator<SpeechEvent, void> {
  const onLeaving = () => deadline.stop(leaving.reason as LlmError)
  if (leaving.aborted) onLeaving()
  leaving.addEventListener('abort', onLeaving)
  const end = new ReadingEnd(clock, release)
  try {
    const interception = await startInterception(intercept, deadline)
    end.interception = interception
    deadline.suspend()
    const remaining = deadline.remaining(interception.options ?? options)
    const events = () =>
      interception.speech?.(remaining) ??
      (interception.answer === undefined
        ? open((interception.request ?? request) as typeof request, remaining)
        : speechEvents(interception.answer(remaining) as Promise<SpeechResponse>))
    let response: SpeechResponse | undefined
    const inside = <T>(step: () => T) => runInside(interception, step)
    for await (const event of readWithDeadline(events, deadline, inside, end.stop)) {
      if (event.type === 'finish') {
        response = event.response
        continue
      }
      // The provider ends a call by its own limit, but only a read would tell: the default limit holds while nobody reads.
      deadline.resume()
      yield event
      deadline.suspend()
    }
    if (response === undefined)
      throw new LlmError('bad-response', `The speech of ${model} (${provider}) has no end.`, {
        retryable: true,
      })
    end.complete()
    deadline.resume()
    const done = await deadline.waitFor(() => interception.done?.(response) ?? response)
    // The call is over, even if nobody reads on.
    release()
    yield { type: 'finish', response: done as SpeechResponse }
  } catch (thrown) {
    const error = asLlmError(thrown, { provider, model })
    await end.fail(error)
    throw end.interception.error?.(error) ?? error
  } finally {
    leaving.removeEventListener('abort', onLeaving)
    await end.fail(new LlmError('aborted', 'The reader left the stream before its end.', { provider, model }))
  }
}

/** The events of speech that is whole already. */
async function* speechEvents(whole: Promise<SpeechResponse>): AsyncGenerator<SpeechEvent, void> {
  const response = await whole
  const { provider, model, mediaType, audio } = response
  yield { type: 'start', provider, model, mediaType }
  yield { type: 'audio', audio }
  yield { type: 'finish', response }
}
