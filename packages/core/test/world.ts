// A scripted backend under a fake clock, for core's tests.
import { type FakeClock, fakeClock } from '../../testing/src/fake-clock.js'
import {
  type Backend,
  type BackendEvent,
  type Capabilities,
  type ChatContext,
  defineProvider,
  type LlmError,
  type PreparedChat,
  type Provider,
  type ProviderOptions,
} from '../src/index.js'

/** What an attempt does: events to yield, waits in milliseconds, or something to throw. */
export type Step = BackendEvent | { wait: number } | { fail: unknown }

/** A provider whose attempts follow the given scripts, one each; the last one repeats. */
export interface World {
  provider: Provider
  clock: FakeClock
  /** One entry an attempt. */
  attempts: { at: number; request: PreparedChat; context: ChatContext }[]
  /** Events the backend has been asked for, over all attempts. */
  pulled: number
  /** Attempts whose generator was ended, one way or the other. */
  ended: number
}

export const finish: BackendEvent = {
  type: 'finish',
  response: { finishReason: 'stop', usage: { inputTokens: 1, outputTokens: 2 } },
}
export const say = (text: string): BackendEvent => ({ type: 'text', text })
export const can: Capabilities = {
  tools: true,
  vision: true,
  files: true,
  audio: true,
  json: true,
  reasoning: true,
  embed: false,
}

export function world(scripts: Step[][], options: ProviderOptions = {}, more: Partial<Backend> = {}): World {
  const clock = fakeClock()
  const made: World = { provider: undefined as never, clock, attempts: [], pulled: 0, ended: 0 }
  const backend: Backend = {
    provider: 'scripted',
    model: 'scripted-1',
    capabilities: () => can,
    async *chat(request, context) {
      const script = scripts[Math.min(made.attempts.length, scripts.length - 1)] ?? []
      made.attempts.push({ at: clock.now(), request, context })
      try {
        for (const step of script) {
          if ('wait' in step) await new Promise<void>((resolve) => void clock.timer(step.wait, resolve))
          else if ('fail' in step) throw step.fail
          else {
            made.pulled++
            yield step
          }
        }
      } finally {
        made.ended++
      }
    },
    ...more,
  }
  made.provider = defineProvider(backend, { clock, random: () => 1, ...options })
  return made
}

/** Runs a promise to its end while time passes. */
export async function overTime<T>(
  clock: FakeClock,
  promise: Promise<T>,
  step = 100,
  most = 1_000_000,
): Promise<T> {
  let over = false
  const settled = promise.finally(() => {
    over = true
  })
  settled.catch(() => {})
  for (let passed = 0; !over && passed < most; passed += step) await clock.advance(step)
  return settled
}

/** What a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<LlmError> {
  return promise.then(
    (value) => {
      throw new Error(`expected a failure, got ${JSON.stringify(value)}`)
    },
    (error) => error,
  )
}
