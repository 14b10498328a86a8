// `patchbay serve`: runs the gateway until a signal ends it, in one process or in several.
import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import { UsageError } from '../terminal/exit-codes.js'
import { serveAlone } from './serve/alone.js'
import type { ServeFlags } from './serve/flags.js'

export type { ServeFlags } from './serve/flags.js'

/**
 * Serves until SIGINT or SIGTERM; running requests are finished. The configuration is reloaded when its files change, and on SIGHUP; if
 * the new one is wrong, the old one stays.
 */
export async function serve(flags: ServeFlags): Promise<void> {
  const { workers = 1 } = flags
  if (!(Number.isInteger(workers) && workers >= 1))
    throw new UsageError(`--workers must be a whole number from 1, not ${workers}.`)
  const most = Math.max(16, 4 * availableParallelism())
  if (workers > most)
    throw new UsageError(`--workers must be at most ${most} on this machine, not ${workers}.`)
  if (workers === 1) return serveAlone(flags)
  if (cluster.isWorker) return (await import('./serve/worker.js')).serveAsWorker(flags)
  return (await import('./serve/primary.js')).serveWithWorkers(flags, workers)
}
