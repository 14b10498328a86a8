// Calls of tools as tasks: begun at once, then asked about until they end.
import type { Client, RequestOptions } from '@modelcontextprotocol/client'
import { LlmError } from '@patchbay/core'
import type { Connection } from './connection.js'
import { anything, asObject } from './tool-list.js'

/** How long to wait between two questions when the server does not say, and at most, in milliseconds. */
const usualInterval = 1000
const longestInterval = 10_000

/** Whether the server can run calls of tools as tasks. */
export function hasTasks(client: Client): boolean {
  const requests = asObject(asObject(client.getServerCapabilities()?.tasks)?.requests)
  return asObject(requests?.tools)?.call !== undefined
}

/** The result of a begun task. `report` is called with each of its statuses. An abort cancels it on the server. */
export async function resultOfTask(
  connection: Connection,
  created: unknown,
  options: RequestOptions & { signal: AbortSignal },
  report: (message: string | undefined) => void,
): Promise<unknown> {
  // A server may answer at once.
  let task = asObject(asObject(created)?.task)
  if (task === undefined) return created
  const { taskId } = task
  const ask = (method: string, signal?: AbortSignal) =>
    connection.use((client) =>
      client.request({ method, params: { taskId } }, anything, { ...options, ...(signal && { signal }) }),
    )
  try {
    while (task?.status === 'working') {
      report(typeof task.statusMessage === 'string' ? task.statusMessage : undefined)
      await wait(task.pollInterval, options.signal)
      task = asObject(await ask('tasks/get'))
    }
    if (task?.status === 'cancelled')
      throw new LlmError('tool-failed', 'The task was cancelled by the server.')
    // Waits for the end, and for the user where the server has a question.
    return await ask('tasks/result')
  } catch (error) {
    if (options.signal.aborted) ask('tasks/cancel', AbortSignal.timeout(usualInterval)).catch(() => {})
    throw error
  }
}

async function wait(interval: unknown, signal: AbortSignal): Promise<void> {
  const ms =
    typeof interval === 'number' && interval > 0 ? Math.min(interval, longestInterval) : usualInterval
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}
