// Local models that another process owns: the queue of a model as this process sees it.
import type { LlmError } from '@patchbay/core'
import { notSerializable } from '../errors.js'
import type { QueueEntry } from '../supervisor/fair-queue.js'
import { Job, nextId } from '../supervisor/job.js'
import type { ModelQueue, QueueContext } from '../supervisor/model-queue.js'
import type { JobRequest, PromptRequest, ReadyInfo } from '../supervisor/protocol.js'
import type { SchedulerSettings } from '../supervisor/scheduler.js'
import { StatsCounter, type WorkerStats } from '../supervisor/stats.js'
import { type FromOwner, receivedError, type ToOwner } from './owner-protocol.js'

type Post = (message: ToOwner) => void
type Receive = (message: FromOwner) => void

/** The owner that this process asks. Kept beside the modules: an app may load this package both as ESM and as CommonJS. */
const slot: unique symbol = Symbol.for('@patchbay/local: owner')
interface Owner {
  post: Post
  /** Receivers of what comes back, one for each queue. */
  receivers: Set<Receive>
}
const shared = globalThis as { [slot]?: Owner }

/**
 * From now on, `local()` in this process runs no models itself: it asks the owner of them in another process, which called
 * `localModelOwner`.
 * @param post sends a message to the owner
 * @returns takes the messages of the owner
 * @example
 * const receive = useLocalModelOwner((message) => process.send?.(message))
 * process.on('message', receive)
 */
export function useLocalModelOwner(post: Post): Receive {
  const receivers = new Set<Receive>()
  shared[slot] = { post, receivers }
  return (message) => {
    for (const receive of receivers) receive(message)
  }
}

/** The queue of a model at the owner; undefined if this process has none. */
export function ownedQueue(settings: SchedulerSettings): ModelQueue | undefined {
  const owner = shared[slot]
  return owner && new OwnedQueue(settings, owner)
}

interface Question {
  resolve(value: never): void
  reject(error: LlmError): void
  context: QueueContext
}

class OwnedQueue implements ModelQueue {
  readonly #jobs = new Map<number, Job>()
  readonly #questions = new Map<number, Question>()
  /** What is being closed at the owner, by id. */
  readonly #closing = new Map<number, () => void>()
  /** Of what is open at the owner: a new one each time, as the last one may still be closing. */
  #id = nextId()
  #handles = 0
  #stats: WorkerStats | undefined

  constructor(
    private readonly settings: SchedulerSettings,
    private readonly owner: Owner,
  ) {}

  get stats(): WorkerStats {
    return this.#stats ?? { ...noStats, handles: this.#handles }
  }

  acquire(): void {
    if (this.#handles++ > 0) return
    const { onLog: _, ...settings } = this.settings
    this.#id = nextId()
    this.#stats = undefined
    this.owner.receivers.add(this.#receive)
    this.owner.post({ type: 'open', handle: this.#id, settings })
  }

  async release(): Promise<void> {
    if (--this.#handles > 0) return
    const id = this.#id
    const closed = new Promise<void>((resolve) => {
      this.#closing.set(id, resolve)
    })
    this.owner.post({ type: 'close', handle: id })
    await closed
    this.#closing.delete(id)
    if (this.#handles === 0 && this.#closing.size === 0) this.owner.receivers.delete(this.#receive)
  }

  submit(request: JobRequest, turn: QueueEntry, context: QueueContext): Job {
    const job = new Job(request, turn, context, (characters) =>
      this.owner.post({ type: 'credit', id: job.id, characters }),
    )
    const { priority, caller } = turn
    this.#jobs.set(job.id, job)
    try {
      const named = typeof caller === 'string' ? caller : undefined
      this.owner.post({ type: 'submit', handle: this.#id, id: job.id, request, priority, caller: named })
    } catch (cause) {
      this.#jobs.delete(job.id)
      job.fail(notSerializable(cause))
    }
    return job
  }

  cancel(job: Job, reason: LlmError): void {
    if (job.ended) return
    job.fail(reason)
    this.#jobs.delete(job.id)
    this.owner.post({ type: 'cancel', id: job.id })
  }

  ready(context: QueueContext): Promise<ReadyInfo> {
    return this.#ask<ReadyInfo>({ type: 'ready', handle: this.#id, id: nextId() }, context)
  }

  count(prompt: PromptRequest, context: QueueContext): Promise<number> {
    return this.#ask<number>({ type: 'count', handle: this.#id, id: nextId(), prompt }, context)
  }

  #ask<T>(message: Extract<ToOwner, { type: 'ready' | 'count' }>, context: QueueContext): Promise<T> {
    const { id } = message
    const { signal } = context
    return new Promise<T>((resolve, reject) => {
      const leave = () => {
        if (!this.#questions.delete(id)) return
        reject(signal.reason)
        this.owner.post({ type: 'cancel', id })
      }
      this.#questions.set(id, { resolve, reject, context })
      try {
        this.owner.post(message)
      } catch (cause) {
        this.#questions.delete(id)
        reject(notSerializable(cause))
      }
      if (signal.aborted) leave()
      else signal.addEventListener('abort', leave, { once: true })
    })
  }

  readonly #receive: Receive = (message) => {
    if (message.type === 'closed') return this.#closing.get(message.handle)?.()
    if (message.type === 'stats') {
      if (message.handle === this.#id) this.#stats = message.stats
      return
    }
    const { id } = message
    const job = this.#jobs.get(id)
    const question = this.#questions.get(id)
    switch (message.type) {
      case 'text':
      case 'reasoning':
        return job?.text(message.type, message.text, message.logprobs)
      case 'call':
        return job?.call(message.name, message.input)
      case 'status':
        return (job ?? question)?.context.status(message.status)
      case 'counted':
        question?.resolve(message.tokens as never)
        break
      case 'ready':
        question?.resolve(message.info as never)
        break
      case 'done':
        job?.done(message.result, message.queuedMs)
        break
      case 'failed':
        job?.fail(receivedError(message.error))
        question?.reject(receivedError(message.error))
        break
      default:
        return message satisfies never
    }
    this.#jobs.delete(id)
    this.#questions.delete(id)
  }
}

/** Before the owner has told its own. */
const noStats: WorkerStats = {
  queued: 0,
  running: 0,
  ...new StatsCounter().totals,
  restarts: 0,
  unloads: 0,
  pid: undefined,
  handles: 0,
  loaded: undefined,
}
