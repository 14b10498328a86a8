// Owner of local models for several processes: one queue and one worker process for each model, whoever asks.
import { type CallContext, LlmError, systemClock } from '@patchbay/core'
import type { QueueContext } from '../supervisor/model-queue.js'
import { textWindow } from '../supervisor/protocol.js'
import { Scheduler } from '../supervisor/scheduler.js'
import { type FromOwner, sentError, type ToOwner } from './owner-protocol.js'

/** A process that asks the owner. */
export interface OwnerConnection {
  /** Takes a message of the process. */
  receive(message: ToOwner): void
  /** The process is gone: its calls are dropped, its handles closed. */
  close(): void
}

/** The local models that several processes use. */
export interface LocalModelOwner {
  /** Adds a process; `post` sends it a message. */
  connect(post: (message: FromOwner) => void): OwnerConnection
}

/** One handle of a process. */
interface Handle {
  scheduler: Scheduler
  /** The caller of calls that name none. */
  caller: symbol
}

/** A call that is waiting or running. */
interface OpenCall {
  controller: AbortController
  /** Characters that were sent and not read. */
  unread: number
  wake(): void
}

/**
 * Owns the local models of several processes: each of them calls `useLocalModelOwner`, and its `local()` then asks this process.
 * Models with equal options have one queue and one worker for all of them.
 * @example
 * const owner = localModelOwner()
 * const { receive, close } = owner.connect((message) => child.send(message))
 * child.on('message', receive).on('exit', close)
 */
export function localModelOwner(): LocalModelOwner {
  const schedulers = new Map<string, Scheduler>()
  return { connect: (post) => new Connection(schedulers, post) }
}

class Connection implements OwnerConnection {
  readonly #handles = new Map<number, Handle>()
  readonly #calls = new Map<number, OpenCall>()
  #closed = false

  constructor(
    /** By their settings. */
    private readonly schedulers: Map<string, Scheduler>,
    private readonly send: (message: FromOwner) => void,
  ) {}

  readonly receive = (message: ToOwner): void => {
    switch (message.type) {
      case 'open':
        return this.#open(message)
      case 'close':
        return void this.#release(message.handle)
      case 'submit':
        return void this.#answer(message, (call, context) => this.#run(message, call, context))
      case 'count':
        return void this.#answer(message, async (_, context) => {
          const tokens = await this.#handle(message).scheduler.count(message.prompt, context)
          this.#post({ type: 'counted', id: message.id, tokens })
        })
      case 'ready':
        return void this.#answer(message, async (_, context) => {
          const info = await this.#handle(message).scheduler.ready(context)
          this.#post({ type: 'ready', id: message.id, info })
        })
      case 'credit': {
        const call = this.#calls.get(message.id)
        if (call === undefined) return
        call.unread -= message.characters
        return call.wake()
      }
      case 'cancel':
        return this.#calls.get(message.id)?.controller.abort(gone())
      default:
        return message satisfies never
    }
  }

  readonly close = (): void => {
    if (this.#closed) return
    this.#closed = true
    for (const { controller } of this.#calls.values()) controller.abort(gone())
    for (const handle of this.#handles.keys()) void this.#release(handle)
  }

  #open({ handle, settings }: Extract<ToOwner, { type: 'open' }>): void {
    const key = JSON.stringify(settings)
    const scheduler = this.schedulers.get(key) ?? new Scheduler({ ...settings, onLog: undefined })
    this.schedulers.set(key, scheduler)
    scheduler.acquire()
    this.#handles.set(handle, { scheduler, caller: Symbol('handle') })
  }

  async #release(id: number): Promise<void> {
    const handle = this.#handles.get(id)
    if (handle === undefined) return
    this.#handles.delete(id)
    const { scheduler } = handle
    const ended = scheduler.release()
    // The next one to open this model makes a new queue.
    if (scheduler.stats.handles === 0)
      for (const [key, one] of this.schedulers) if (one === scheduler) this.schedulers.delete(key)
    await ended
    this.#post({ type: 'closed', handle: id })
  }

  #handle({ handle }: { handle: number }): Handle {
    const found = this.#handles.get(handle)
    if (found === undefined)
      throw new LlmError('closed', 'This handle was closed. Make a new one with local().')
    return found
  }

  /** Does a call until it has ended or its process gives it up. */
  async #answer(
    { id, handle }: { id: number; handle: number },
    work: (call: OpenCall, context: QueueContext) => Promise<void>,
  ): Promise<void> {
    const call: OpenCall = { controller: new AbortController(), unread: 0, wake: () => {} }
    const status: CallContext['status'] = (status) => this.#post({ type: 'status', id, status })
    this.#calls.set(id, call)
    try {
      await work(call, { signal: call.controller.signal, clock: systemClock, status })
    } catch (error) {
      this.#post({ type: 'failed', id, error: sentError(error) })
    } finally {
      this.#calls.delete(id)
      const stats = this.#handles.get(handle)?.scheduler.stats
      if (stats !== undefined) this.#post({ type: 'stats', handle, stats })
    }
  }

  async #run(
    { id, request, priority, caller, handle }: Extract<ToOwner, { type: 'submit' }>,
    call: OpenCall,
    context: QueueContext,
  ): Promise<void> {
    const { scheduler, caller: unnamed } = this.#handle({ handle })
    const { signal } = context
    const job = scheduler.submit(request, { priority, caller: caller ?? unnamed }, context)
    const cancel = () => {
      scheduler.cancel(job, signal.reason)
      call.wake()
    }
    signal.addEventListener('abort', cancel)
    if (signal.aborted) cancel()
    for (;;) {
      const event = await job.next()
      this.#post({ ...event, id })
      if (event.type === 'done') return
      if (event.type === 'call') continue
      call.unread += event.text.length
      // A slow reader: what is not taken from the job makes its own generation wait.
      while (call.unread > textWindow / 2 && !signal.aborted)
        await new Promise<void>((resolve) => {
          call.wake = resolve
        })
    }
  }

  #post(message: FromOwner): void {
    if (!this.#closed) this.send(message)
  }
}

function gone(): LlmError {
  return new LlmError('aborted', 'The caller stopped reading the answer.')
}
