// Tasks that a server has this client work on: its requests to the model and the user, answered later.
import {
  ProtocolError,
  ProtocolErrorCode,
  RELATED_TASK_META_KEY,
  type Result,
  type Task,
} from '@modelcontextprotocol/client'
import { unlessAborted } from '@patchbay/core/wire'

interface Entry {
  task: Task
  result: Promise<Result>
  controller: AbortController
}

/** How long a finished task is kept when the server does not say, in milliseconds. */
const defaultTtl = 300_000
/** The longest that a server can have one kept, and how many at a time. */
const longestTtl = 3_600_000
const mostTasks = 100
/** How often a server should ask, in milliseconds. */
const pollInterval = 500

export class ClientTasks {
  readonly #entries = new Map<string, Entry>()

  /** Begins the work, and gives its task. */
  create(ttl: unknown, work: (signal: AbortSignal) => Promise<Result>): { task: Task } {
    this.#dropExpired()
    if (this.#entries.size >= mostTasks)
      throw new ProtocolError(ProtocolErrorCode.InvalidRequest, `There are ${mostTasks} tasks already.`)
    const now = new Date().toISOString()
    const taskId = crypto.randomUUID()
    const task: Task = {
      taskId,
      status: 'working',
      ttl: typeof ttl === 'number' && ttl >= 0 ? Math.min(ttl, longestTtl) : defaultTtl,
      createdAt: now,
      lastUpdatedAt: now,
      pollInterval,
    }
    const controller = new AbortController()
    const result = work(controller.signal)
    const end = (status: Task['status'], statusMessage?: string) => {
      if (task.status !== 'working') return
      Object.assign(
        task,
        { status, lastUpdatedAt: new Date().toISOString() },
        statusMessage && { statusMessage },
      )
    }
    result.then(
      () => end('completed'),
      (error) => end('failed', String(error?.message ?? error)),
    )
    this.#entries.set(taskId, { task, result, controller })
    return { task: { ...task } }
  }

  /** Answers a request about tasks; `undefined` for one that is about something else. */
  async answer(method: string, params: Record<string, unknown> = {}): Promise<Result | undefined> {
    if (method === 'tasks/list')
      return { tasks: [...this.#entries.values()].map(({ task }) => ({ ...task })) }
    if (method !== 'tasks/get' && method !== 'tasks/result' && method !== 'tasks/cancel') return undefined
    const entry = this.#entries.get(String(params.taskId))
    if (entry === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'No task has this id.')
    const { task, result, controller } = entry
    if (method === 'tasks/result') {
      const _meta = { [RELATED_TASK_META_KEY]: { taskId: task.taskId } }
      const { _meta: own, ...rest } = await unlessAborted(controller.signal, () => result)
      return { ...rest, _meta: { ...own, ..._meta } }
    }
    if (method === 'tasks/cancel') {
      if (task.status !== 'working')
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, `The task is ${task.status} already.`)
      Object.assign(task, { status: 'cancelled', lastUpdatedAt: new Date().toISOString() })
      controller.abort()
    }
    return { ...task }
  }

  /** Ends all work. */
  close(): void {
    for (const { controller } of this.#entries.values()) controller.abort()
    this.#entries.clear()
  }

  #dropExpired(): void {
    for (const [id, { task }] of this.#entries)
      if (task.status !== 'working' && Date.parse(task.lastUpdatedAt) + (task.ttl ?? defaultTtl) < Date.now())
        this.#entries.delete(id)
  }
}
