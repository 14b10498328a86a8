// One call in the owner's hands: a slot its text and its end are put into, and its reader takes them from.
import type { CallContext, LlmError } from '@patchbay/core'
import type { Priority, Waiting } from './fair-queue.js'
import { type JobRequest, type JobResult, textWindow } from './protocol.js'

/** What a reader gets. */
export type JobNews =
  | { type: 'text'; text: string }
  | { type: 'reasoning'; text: string }
  | { type: 'call'; name: string; input: unknown }
  | { type: 'done'; result: JobResult; queuedMs: number }

let lastId = 0

/** An id no other request to a worker has. */
export function nextId(): number {
  return ++lastId
}

export class Job implements Waiting {
  readonly id = nextId()
  readonly caller: unknown
  readonly priority: Priority
  readonly #submittedAt: number
  #startedAt = 0
  #position = 0
  #news: JobNews[] = []
  /** Characters read that the worker has not been told of. */
  #taken = 0
  #failure: LlmError | undefined
  #ended = false
  #wake: () => void = () => {}

  constructor(
    readonly request: JobRequest,
    { caller, priority }: Waiting,
    readonly context: CallContext,
    /** Told how much text the reader has taken. */
    private readonly onTaken: (characters: number) => void,
  ) {
    this.caller = caller
    this.priority = priority
    this.#submittedAt = context.clock.now()
  }

  /** Nothing more will come. */
  get ended(): boolean {
    return this.#ended
  }

  started(): void {
    this.#startedAt = this.context.clock.now()
  }

  /** How long it waited for its start, in milliseconds. */
  get waitedMs(): number {
    return this.#startedAt - this.#submittedAt
  }

  /** Its place among those who wait, from 1; its caller is told when it is another than before. */
  standsAt(position: number): void {
    if (position === this.#position) return
    this.#position = position
    this.context.status({ type: 'queued', position })
  }

  text(type: 'text' | 'reasoning', text: string): void {
    if (this.#ended) return
    this.#news.push({ type, text })
    this.#wake()
  }

  call(name: string, input: unknown): void {
    if (this.#ended) return
    this.#news.push({ type: 'call', name, input })
    this.#wake()
  }

  done(result: JobResult): void {
    if (this.#ended) return
    this.#ended = true
    this.#news.push({ type: 'done', result, queuedMs: this.waitedMs })
    this.#wake()
  }

  /** What has come before it is still read. */
  fail(error: LlmError): void {
    if (this.#ended) return
    this.#ended = true
    this.#failure = error
    this.#wake()
  }

  /**
   * What has come since the last time, or comes next.
   * @throws {LlmError} why the job failed
   */
  async next(): Promise<JobNews> {
    while (this.#news.length === 0 && this.#failure === undefined)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    const news = this.#news.shift()
    if (news === undefined) throw this.#failure
    if (news.type === 'text' || news.type === 'reasoning') this.#took(news.text.length)
    return news
  }

  // Half a window at a time: a message wakes the worker's process in the middle of its computing, and one that waits
  // for the reader has more than that ahead of him.
  #took(characters: number): void {
    this.#taken += characters
    if (this.#taken < textWindow / 2) return
    this.onTaken(this.#taken)
    this.#taken = 0
  }
}
