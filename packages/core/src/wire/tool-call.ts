// What a tool call must say, in whatever protocol it comes; and calls that an answer was cut in.
import { LlmError } from '../errors.js'
import type { BackendEvent } from '../events.js'
import type { FinishReason } from '../response.js'

/**
 * The name or the id of a tool call, as it came.
 * @throws {LlmError} `bad-response` where there is none: nobody could run it, or answer it
 */
export function callField(what: 'name' | 'id', value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw new LlmError('bad-response', `The service sent a tool call without its ${what}. Try again.`, {
    retryable: true,
  })
}

/** The ids of one answer's calls: servers use one twice, and results are told apart by them. */
export class CallIds {
  readonly #used = new Map<string, number>()

  /** The id itself for the first call that has it; others get one of their own. */
  unique(given: string): string {
    let id = given
    while (this.#used.has(id)) {
      const copy = (this.#used.get(given) ?? 1) + 1
      this.#used.set(given, copy)
      id = `${given}_${copy}`
    }
    this.#used.set(id, 1)
    return id
  }
}

type CallEvent = Extract<BackendEvent, { type: 'tool-call' }>

/**
 * Holds the call an answer may have been cut in: its input is empty, or no JSON. Whatever comes after it shows that it was
 * whole; the reason the answer ended for tells of the last one.
 */
export class LastCall {
  #held: (CallEvent & { announced: boolean }) | undefined;

  /**
   * The call, unless it may have been cut.
   * @param announced whether its `tool-call-start` was given
   * @param doubtful where that can be told better than by its input
   */
  *take(call: CallEvent, announced: boolean, doubtful = isDoubtful(call.input)): Generator<BackendEvent> {
    yield* this.whole()
    if (doubtful) this.#held = { ...call, announced }
    else yield call
  }

  /** What was held, now that something follows. */
  *whole(): Generator<BackendEvent> {
    if (this.#held === undefined) return
    const { announced: _, ...call } = this.#held
    this.#held = undefined
    yield call
  }

  /**
   * At the end of the answer: a call it was cut in is no call. What is announced and never given is told by a warning of
   * the response.
   */
  *end(reason: FinishReason): Generator<BackendEvent> {
    if (!cutting.has(reason)) return yield* this.whole()
    if (this.#held?.announced === false)
      yield { type: 'tool-call-start', id: this.#held.id, name: this.#held.name }
    this.#held = undefined
  }
}

const cutting = new Set<FinishReason>(['length', 'content-filter', 'refusal'])

function isDoubtful(input: unknown): boolean {
  return (
    typeof input === 'object' && input !== null && ('$unparsed' in input || Object.keys(input).length === 0)
  )
}
