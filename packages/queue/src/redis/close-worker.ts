// Closing a worker of BullMQ, which waits for Redis as long as it takes, in bounded time.
import { replyMs, within } from './connection.js'

/**
 * Closes a worker: takes no more jobs, waits for those that run, and then for Redis, but only for as long as a reply may take. `disconnect`
 * closes the connections; it is told whether everything was put in order in Redis. What was not ends by itself: locks and leases run out.
 */
export async function closeWorker(
  worker: { close(): Promise<void> } | undefined,
  running: ReadonlySet<Promise<void>>,
  disconnect: (isClosed: boolean) => Promise<void>,
): Promise<void> {
  const closed = Promise.resolve(worker?.close()).catch(() => {})
  let isClosed = false
  // A job may have come just before.
  do {
    await Promise.all(running)
    isClosed = await within(replyMs, closed)
  } while (!isClosed && running.size > 0)
  await disconnect(isClosed)
  await within(replyMs, closed)
}
