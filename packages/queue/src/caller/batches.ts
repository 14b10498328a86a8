// Batches of a queue: each request is a job of its own, which any worker does when no call waits; results are kept in Redis.
import { randomUUID } from 'node:crypto'
import {
  type BackendBatch,
  type BackendEvent,
  type BatchOutcome,
  type BatchStatus,
  type CallContext,
  LlmError,
  type PreparedChat,
} from '@patchbay/core'
import { cancelBatch, createBatch, readBatch, readResults } from '../redis/batch-scripts.js'
import type { BatchedResult } from '../wire/answer.js'
import { fromWireError } from '../wire/errors.js'
import { toBackendEvents } from '../wire/events.js'
import { chatRequest, type ForWorker } from '../wire/job.js'
import type { Session } from './session.js'

/** Requests that are added, and results that are read, in one step. */
const chunk = 200

export class QueueBatches implements BackendBatch {
  constructor(
    private readonly open: () => Promise<Session>,
    private readonly keepMs: number,
  ) {}

  async submit(requests: PreparedChat[], { headers, signal }: CallContext): Promise<string> {
    const session = await this.open()
    const id = randomUUID()
    const options = { ...(Object.keys(headers).length > 0 && { headers }) }
    try {
      await session.writeDurably(async () => {
        await session.run(createBatch, [id, requests.length, this.keepMs])
        for (let from = 0; from < requests.length; from += chunk) {
          signal.throwIfAborted()
          const jobs = requests.slice(from, from + chunk).map((chat, offset) => {
            const forWorker = (chat.providerOptions.forWorker ?? {}) as ForWorker
            const { metadata } = forWorker
            return {
              ...{ operation: 'chat' as const, input: chatRequest(chat, forWorker), complete: true },
              batch: { id, index: from + offset },
              options: { ...options, ...(metadata && { metadata }) },
            }
          })
          await session.addBatch(jobs)
        }
      })
    } catch (error) {
      await session.run(cancelBatch, [id]).catch(() => {})
      throw error
    }
    return id
  }

  async status(id: string): Promise<BatchStatus> {
    const counts = await (await this.open()).run(readBatch, [id])
    if (!Array.isArray(counts)) throw noBatch(id)
    const [total = 0, answered = 0, failed = 0, cancelled = 0] = counts.map(Number)
    const state = cancelled === 1 ? 'cancelled' : answered + failed < total ? 'running' : 'ended'
    return { state, total, answered, failed }
  }

  async *results(id: string, context: CallContext): AsyncIterable<BatchOutcome> {
    const { total, state } = await this.status(id)
    for (let from = 0; from < total; from += chunk) {
      const session = await this.open()
      const found = (await session.run(readResults, [id, from, Math.min(from + chunk, total) - 1])) as (
        | string
        | number
      )[]
      const results = new Map<number, string>()
      for (let at = 0; at < found.length; at += 2) results.set(Number(found[at]), String(found[at + 1]))
      for (let index = from; index < Math.min(from + chunk, total); index++) {
        const result = results.get(index)
        if (result !== undefined) yield outcomeOf(index, JSON.parse(result), context)
        else if (state === 'cancelled')
          yield {
            index,
            error: new LlmError('aborted', 'The batch was cancelled before this request was answered.'),
          }
      }
    }
  }

  async cancel(id: string): Promise<void> {
    if ((await (await this.open()).run(cancelBatch, [id])) === 0) throw noBatch(id)
  }
}

function outcomeOf(index: number, result: BatchedResult, { warn }: CallContext): BatchOutcome {
  if ('error' in result) return { index, error: fromWireError(result.error) }
  const events = toBackendEvents(result.event, { warn, queuedMs: 0, complete: true })
  return { index, events: toAsync(events) }
}

async function* toAsync(events: Iterable<BackendEvent>): AsyncIterable<BackendEvent> {
  yield* events
}

function noBatch(id: string): LlmError {
  return new LlmError(
    'not-found',
    `The queue has no batch ${id}. Batches are deleted some time after their last result: see the option keepResults.`,
  )
}
