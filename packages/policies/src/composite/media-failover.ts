// Failover of images and speech: tries one candidate after the other until one answers, or begins to speak.
import type { CallOptions, LlmError, Provider, SpeechEvent, Warning } from '@patchbay/core'
import { asLlmError } from '@patchbay/core/wrap'
import type { Interception, PolicyCall } from '../middleware/interception.js'
import type { Candidates } from './candidates.js'
import {
  type FailoverRules,
  identityOf,
  labelOf,
  noneAvailable,
  notifyFallback,
  notifyUnavailable,
  withUnavailable,
} from './failover.js'

/** A call for images or speech. */
export type MediaCall = Extract<PolicyCall, { kind: 'image' | 'speak' }>

/** Tries the candidates in this order. */
export function mediaFailover(
  call: MediaCall,
  candidates: Candidates,
  order: readonly number[],
  rules: FailoverRules,
): Interception {
  const tryEach = <T>(attempt: (provider: Provider, left: CallOptions) => Promise<T>) =>
    firstOf(call, candidates, order, rules, attempt)
  if (call.kind === 'image')
    return { answer: () => tryEach((provider, left) => provider.image(call.request, left)) }
  return {
    async *speech() {
      // Speech that was heard cannot be taken back: what comes before its first audio is held.
      let abort: () => void = () => {}
      // Closing this generator waits for its pending read; the provider must hear at once that its caller left.
      const unlisten = call.deadline.onStop(() => abort())
      const tried = tryEach(async (provider, left) => {
        const stream = provider.speak(call.request, left)
        abort = () => stream.abort(call.deadline.stopped)
        const events = stream[Symbol.asyncIterator]()
        const held: SpeechEvent[] = []
        for (;;) {
          const { done, value } = await events.next()
          if (done) return { events, held }
          held.push(value)
          if (value.type !== 'start') return { events, held }
        }
      })
      try {
        const { events, held } = await tried
        try {
          yield* held
          yield* { [Symbol.asyncIterator]: () => events }
        } finally {
          void events.return?.()
        }
      } finally {
        unlisten()
      }
    },
  }
}

async function firstOf<T>(
  { deadline, options }: MediaCall,
  candidates: Candidates,
  order: readonly number[],
  rules: FailoverRules,
  attempt: (provider: Provider, left: CallOptions) => Promise<T>,
): Promise<T> {
  const unavailable: Warning[] = []
  let last: { provider: Provider; error: LlmError } | undefined
  for (const at of order) {
    let provider: Provider
    try {
      provider = await deadline.wait(candidates.open(at))
    } catch (cause) {
      if (cause === deadline.stopped) throw cause
      unavailable.push(notifyUnavailable(deadline, last?.provider ?? candidates.first, at, cause))
      continue
    }
    if (last !== undefined) {
      const { code, message } = last.error
      notifyFallback(deadline, last.provider, labelOf(provider), `${code}: ${message}`)
    }
    try {
      // What earlier attempts took is taken off its time.
      return await attempt(provider, deadline.remaining(options))
    } catch (thrown) {
      const error = asLlmError(thrown, identityOf(provider))
      if (deadline.stopped !== undefined) throw error
      if (!rules.shouldTryNext(error, provider)) throw withUnavailable(error, unavailable)
      last = { provider, error }
    }
  }
  throw withUnavailable(last?.error ?? noneAvailable(), unavailable)
}
