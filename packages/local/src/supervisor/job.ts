// One job of the worker: a buffer between the worker, which writes events, and the caller, who reads them.
import type { CallContext, LlmError, TokenLogprob } from '@patchbay/core'
import type { Priority, QueueEntry } from './fair-queue.js'
import { type JobRequest, type JobResult, textWindow } from './protocol.js'

export type JobEvent =
  | { type: 'text'; text: string; logprobs?: TokenLogprob[] }
  | { type: 'reasoning'; text: string }
  | { type: 'call'; name: string; input: unknown }
  | { type: 'done'; result: JobResult; queuedMs: number }

let lastId = 0

/** An id that no other request of this process has. */
export function nextId(): number {
  return ++lastId
}

export class Job implements QueueEntry {
  readonly id = nextId()
  readonly caller: unknown
  readonly priority: Priority
  readonly #submittedAt: number
  #startedAt = 0
  #position = 0
  readonly #events: JobEvent[] = []
  /** Characters that were read and not yet acknowledged to the worker. */
  #unacknowledged = 0
  #failure: LlmError | undefined
  #ended = false
  #wake: () => void = () => {}

  constructor(
    readonly request: JobRequest,
    { caller, priority }: QueueEntry,
    readonly context: Pick<CallContext, 'clock' | 'status'>,
    /** Called with the number of characters that were read. */
    private readonly acknowledge: (characters: number) => void,
  ) {
    this.caller = caller
    this.priority = priority
    this.#submittedAt = context.clock.now()
  }

  /** No more events will be added. */
  get ended(): boolean {
    return this.#ended
  }

  markStarted(): void {
    this.#startedAt = this.context.clock.now()
  }

  /** Time in the queue, in milliseconds. */
  get queuedMs(): number {
    return this.#startedAt - this.#submittedAt
  }

  /** Reports the position in the queue, from 1, if it has changed. */
  reportPosition(position: number): void {
    if (position === this.#position) return
    this.#position = position
    this.context.status({ type: 'queued', position })
  }

  text(type: 'text' | 'reasoning', text: string, logprobs?: TokenLogprob[]): void {
    this.#add(type === 'text' ? { type, text, ...(logprobs && { logprobs }) } : { type, text })
  }

  call(name: string, input: unknown): void {
    this.#add({ type: 'call', name, input })
  }

  done(result: JobResult, queuedMs = this.queuedMs): void {
    this.#add({ type: 'done', result, queuedMs })
    this.#ended = true
  }

  /** Ends the job with an error, which `next` throws after the events that came before it. */
  fail(error: LlmError): void {
    if (this.#ended) return
    this.#ended = true
    this.#failure = error
    this.#wake()
  }

  /**
   * The next event.
   * @throws {LlmError} the error that the job failed with
   */
  async next(): Promise<JobEvent> {
    while (this.#events.length === 0 && this.#failure === undefined)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    const event = this.#events.shift()
    if (event === undefined) throw this.#failure
    if (event.type === 'text' || event.type === 'reasoning') this.#countRead(event.text.length)
    return event
  }

  #add(event: JobEvent): void {
    if (this.#ended) return
    this.#events.push(event)
    this.#wake()
  }

  // In steps of half a window: each message wakes the worker in the middle of its computing, and a generation that
  // waits for its reader has more than that buffered.
  #countRead(characters: number): void {
    this.#unacknowledged += characters
    if (this.#unacknowledged < textWindow / 2) return
    this.acknowledge(this.#unacknowledged)
    this.#unacknowledged = 0
  }
}
