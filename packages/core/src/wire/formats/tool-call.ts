// Received tool calls, read and checked the same for every protocol, and calls that a truncated answer ends in.
import { LlmError } from '../../contract/errors.js'
import type { BackendEvent } from '../../contract/events.js'
import type { FinishReason } from '../../contract/response.js'
import { isObject } from '../../object.js'

/**
 * The name or the id of a received tool call.
 * @throws {LlmError} `bad-response` without it: the call could not be run, or answered
 */
export function callField(what: 'name' | 'id', value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw new LlmError('bad-response', `The service sent a tool call without its ${what}. Try again.`, {
    retryable: true,
  })
}

/** The arguments of a call, from their JSON text: `{}` for none or `null`; `{ $unparsed }` if they are not JSON. */
export function parseInput(json: string): unknown {
  if (json.trim() === '') return {}
  try {
    return JSON.parse(json) ?? {}
  } catch {
    return { $unparsed: json }
  }
}

/** The input of an earlier call for services that take objects only: any other value becomes its JSON as `$unparsed`. */
export function objectInput(input: unknown): Record<string, unknown> {
  if (isObject(input)) return { ...input }
  return input === undefined || input === null ? {} : { $unparsed: JSON.stringify(input) }
}

/** Makes the call ids of one answer unique: servers repeat them, and results are matched by id. */
export class CallIds {
  readonly #used = new Map<string, number>()

  /** The id itself for its first call; a new one for others. */
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
 * Holds back a call that may be truncated: its input is empty or not JSON. A later event shows that it was complete; for
 * the last call, the finish reason decides.
 */
export class TruncatedCallGuard {
  #pending: (CallEvent & { announced: boolean }) | undefined;

  /**
   * Yields the call, unless it may be truncated.
   * @param announced whether its `tool-call-start` was given
   * @param doubtful whether it may be truncated; default: by its input
   */
  *take(call: CallEvent, announced: boolean, doubtful = isDoubtful(call.input)): Generator<BackendEvent> {
    yield* this.whole()
    if (doubtful) this.#pending = { ...call, announced }
    else yield call
  }

  /** Yields the pending call: something follows it, so it is complete. */
  *whole(): Generator<BackendEvent> {
    if (this.#pending === undefined) return
    const { announced: _, ...call } = this.#pending
    this.#pending = undefined
    yield call
  }

  /**
   * At the end of the answer: drops the pending call if the answer was truncated. The response has a warning for a call that was
   * announced and never completed.
   */
  *end(reason: FinishReason): Generator<BackendEvent> {
    if (!truncates[reason]) return yield* this.whole()
    if (this.#pending?.announced === false)
      yield { type: 'tool-call-start', id: this.#pending.id, name: this.#pending.name }
    this.#pending = undefined
  }
}

/** Finish reasons that may leave the last call of an answer incomplete. */
const truncates: Record<FinishReason, boolean> = {
  stop: false,
  length: true,
  'tool-calls': false,
  'content-filter': true,
  refusal: true,
  pause: false,
  other: false,
}

function isDoubtful(input: unknown): boolean {
  return (
    typeof input === 'object' && input !== null && ('$unparsed' in input || Object.keys(input).length === 0)
  )
}
