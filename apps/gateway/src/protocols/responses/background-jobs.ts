// Background answers as jobs in the Redis that instances share: any of them makes an answer, also after the one that took the request is
// gone.
import { isLlmError, LlmError } from '@patchbay/core'
import { withoutKeys } from '@patchbay/core/wire'
import type { DoJob, Jobs, QueuedJob } from '@patchbay/queue'
import type { Json } from '../../body/body.js'
import type { ResponseStore } from './response-store.js'

/** The name of the jobs in Redis. */
const queueName = 'gateway-background'
/** Answers that one instance makes at the same time. Each key has a bound of its own, so that none waits for another's. */
const concurrency = 10_000
/** Answers of one key at the same time. */
export const maxRunning = 100
/** Milliseconds that a job counts as its key's at most: as long as responses are stored. */
const keepMs = 3_600_000
const retryMs = 5000

/** A request that is answered as a job. */
export interface BackgroundJob {
  /** The id of the request's record: its response has the same. */
  id: string
  /** The name of the key; empty without keys. */
  owner: string
  /** Its response as it was promised. */
  response: Json
  /** The items of its input, each with its id. */
  input: Json[]
}

/** What is kept in Redis of a request. */
interface JobData {
  headers: Record<string, string>
  body: Json
}

const byRequest = new WeakMap<Request, BackgroundJob>()

/** The job that this request comes from; undefined for one of a client. */
export function jobOf(request: Request): BackgroundJob | undefined {
  return byRequest.get(request)
}

/** Answers the request of a job; resolves when it has ended. `'leave'`: another instance may make it. */
export type AnswerJob = (request: Request, job: BackgroundJob) => Promise<'done' | 'leave'>

/** The jobs in one Redis. */
export class BackgroundJobs {
  #jobs: Promise<Jobs | undefined> | undefined
  #retry: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(
    private readonly redis: string,
    private readonly store: ResponseStore,
    private readonly answer: AnswerJob,
  ) {
    this.#openSoon(0)
  }

  /**
   * Leaves an answer to whichever instance takes it first. False where `@patchbay/queue` is not installed.
   * @throws {LlmError} `rate-limited` if the key has too many; `network` (503) if the Redis cannot be reached
   */
  async add(id: string, owner: string, request: Request, body: Json): Promise<boolean> {
    const jobs = await this.#open()
    if (jobs === undefined) return false
    const headers = Object.fromEntries(
      protocolHeaders.flatMap((name) => {
        const value = request.headers.get(name)
        return value === null ? [] : [[name, value]]
      }),
    )
    const data: JobData = { headers, body }
    if (await jobs.add({ id, owner, data: JSON.stringify(data) }, { most: maxRunning, keep: keepMs }))
      return true
    throw tooMany()
  }

  /** Takes back an answer that no instance has begun. False if one may have. */
  async remove(id: string, owner: string): Promise<boolean> {
    return (await (await this.#open())?.remove({ id, owner })) ?? false
  }

  /** Takes no more; those that run go on. */
  async pause(): Promise<void> {
    clearTimeout(this.#retry)
    await (await this.#jobs?.catch(() => undefined))?.pause()
  }

  /** Waits for those that run. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#retry)
    await (await this.#jobs?.catch(() => undefined))?.close()
  }

  /** An instance takes what others have left, also before it has got a request itself. */
  #openSoon(ms: number): void {
    this.#retry = setTimeout(() => {
      this.#open().catch(() => {
        if (!this.#isClosed) this.#openSoon(retryMs)
      })
    }, ms).unref()
  }

  #open(): Promise<Jobs | undefined> {
    this.#jobs ??= openJobs(this.redis, (job) => this.#do(job)).catch((error) => {
      // The next request tries again.
      this.#jobs = undefined
      throw isLlmError(error, 'network')
        ? new LlmError('network', "The gateway's shared store cannot be reached. Try again later.", {
            status: 503,
            cause: error,
          })
        : error
    })
    return this.#jobs
  }

  async #do(job: Parameters<DoJob>[0]): Promise<'done' | 'leave'> {
    try {
      return await this.#answer(job)
    } catch (error) {
      // The store, perhaps: that is not the job's fault.
      if (isLlmError(error, 'network')) return 'leave'
      if (job.isLastTry) await this.#fail(job).catch(() => {})
      throw error
    }
  }

  async #fail({ id, owner }: QueuedJob): Promise<void> {
    const message = 'The gateway could not make this answer. Its log says why.'
    const error = { code: 'server_error', message }
    await this.store.end(owner, `resp_${id}`, { status: 'failed', error })
  }

  async #answer({ id, owner, data }: QueuedJob): Promise<'done' | 'leave'> {
    const responseId = `resp_${id}`
    const [stored, asked] = await Promise.all([
      this.store.response(owner, responseId),
      this.store.askedToEnd(owner, responseId),
    ])
    // Deleted, or as old as responses are kept.
    if (stored === undefined || asked === 'forget') return 'done'
    if (asked === 'cancel') {
      await this.store.end(owner, responseId, { status: 'cancelled' })
      return 'done'
    }
    if (await this.store.hasBegun(owner, responseId)) {
      // Whoever made it is gone, or was only slow: then it must not store it again.
      await this.store.askToEnd(owner, responseId, 'forget')
      const message =
        'The instance of the gateway that made this answer is gone, and had begun. Send the request again.'
      await this.store.end(owner, responseId, { status: 'failed', error: { code: 'server_error', message } })
      return 'done'
    }
    const { headers, body } = JSON.parse(data) as JobData
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    const request = new Request('http://127.0.0.1/v1/responses', init)
    const job = { id, owner, response: stored.response, input: stored.input ?? [] }
    byRequest.set(request, job)
    return this.answer(request, job)
  }
}

/** Headers that belong to the request itself. Keys are not among them. */
const protocolHeaders = ['content-type', 'openai-beta', 'traceparent', 'tracestate']

export function tooMany(): LlmError {
  return new LlmError(
    'rate-limited',
    `This key has ${maxRunning} background answers that have not ended. Wait for one of them, or cancel it.`,
  )
}

let hasTold = false

async function openJobs(redis: string, work: DoJob): Promise<Jobs | undefined> {
  let queue: typeof import('@patchbay/queue')
  try {
    queue = await import('@patchbay/queue')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    if (!hasTold)
      console.error(
        'Background answers end with the instance that makes them: @patchbay/queue is not installed. Run: npm install @patchbay/queue',
      )
    hasTold = true
    return undefined
  }
  return queue.jobs(queueName, work, {
    ...{ redis, concurrency },
    onError: ({ message }) => console.error(`Background answers: ${withoutKeys(message)}`),
  })
}
