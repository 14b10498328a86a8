// Reply slot of one call: what its worker has posted, in order, until the caller reads it.
import { LlmError } from '@patchbay/core'
import type { Letter } from '../redis/mailbox.js'
import { textWindow } from '../wire/answer.js'

/** What a worker posts. The body of `events` is a list of events, that of `done` a result, that of `failed` an error, all as JSON. */
export interface Posted {
  kind: 'taken' | 'events' | 'done' | 'failed' | 'crashed' | 'status'
  body: string
}

export class Reply {
  /** The worker that has the call. */
  worker: string | undefined
  /** The job is in the queue. */
  isAdded = false
  /** Token of the attempt that answers, and the number of its last part. */
  #attempt = ''
  #number = 0
  #hasBegun = false
  readonly #posted: Posted[] = []
  #failure: LlmError | undefined
  /** Characters that were read, and how many the worker knows of. */
  #read = 0
  #acknowledged = 0
  #wake: () => void = () => {}

  /** `acknowledge` tells the worker how many characters were read in all. */
  constructor(private readonly acknowledge: (characters: number) => void) {}

  /** Takes a letter of this call: each part once, those of one attempt, without a hole. After a failover there may be others. */
  receive({ kind, body, attempt, number }: Letter): void {
    if (kind === 'taken') {
      if (attempt === '') return this.fail(otherVersion())
      if (attempt === this.#attempt) return
      // What was read is of an attempt that the new primary has never heard of.
      if (this.#hasBegun) return this.fail(partsLost())
      this.worker = body
      this.#attempt = attempt
      this.#number = 0
    } else if (kind !== 'crashed') {
      if (attempt !== this.#attempt || number <= this.#number) return
      if (number !== this.#number + 1) return this.fail(partsLost())
      this.#number = number
      this.#hasBegun ||= kind !== 'status'
    }
    // Nothing is read after a failure.
    if (this.#failure === undefined) this.#posted.push({ kind, body } as Posted)
    this.#wake()
  }

  /** Ends the reply: what has arrived is still read, unless `at once`. */
  fail(error: LlmError, atOnce = false): void {
    this.#failure ??= error
    if (atOnce) this.#posted.length = 0
    this.#wake()
  }

  /** @throws {LlmError} after the last posted part, if the call failed on this side */
  async next(): Promise<Posted> {
    while (this.#posted.length === 0) {
      if (this.#failure !== undefined) throw this.#failure
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const posted = this.#posted.shift() as Posted
    if (posted.kind === 'events') this.#countRead(posted.body.length)
    return posted
  }

  // In steps of a quarter of the window: each is a command to Redis.
  #countRead(characters: number): void {
    this.#read += characters
    if (this.#read - this.#acknowledged < textWindow / 4) return
    this.#acknowledged = this.#read
    this.acknowledge(this.#read)
  }
}

const partsLost = () =>
  new LlmError(
    'network',
    'The Redis of the queue failed over, and a part of this answer was lost with the old primary. Try again.',
  )

const otherVersion = () =>
  new LlmError(
    'unsupported',
    'The worker has an older version of @patchbay/queue, whose answers cannot be read. Use the same version on both sides.',
  )
