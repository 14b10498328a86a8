// The primary process of `serve --workers`: it owns what the workers share, hands them the connections, and serves no request itself.
import cluster from 'node:cluster'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { load } from '../../open-provider.js'
import { signalled } from '../../terminal/signalled.js'
import { addresses } from './addresses.js'
import { endMs, type ServeFlags } from './flags.js'
import { followConfig } from './follow-config.js'
import { perWorker } from './per-worker.js'
import { WorkerPool, WorkersFailed } from './worker-pool.js'

const defaultDrainMs = 30_000
/** Milliseconds for a worker to end after its running requests were aborted. */
const afterDrainMs = 1800

/** Serves with several processes until SIGINT or SIGTERM; running requests are finished. */
export async function serveWithWorkers(flags: ServeFlags, workers: number): Promise<void> {
  const { config, port, host } = flags
  let loaded = await load(config)
  if (port === 0) {
    // All workers, also those that come later, listen on the same port; the last flag counts.
    const free = await freePort(host)
    cluster.setupPrimary({ args: [...process.argv.slice(2), '--port', `${free}`] })
  }
  const pool = new WorkerPool(workers)
  const started = pool.start()
  followConfig({
    loaded,
    config,
    started,
    async apply(next) {
      const problem = await pool.reload()
      if (problem === undefined) loaded = next
      return problem
    },
  })
  // While they start, and while they serve.
  const ending = signalled(['SIGINT', 'SIGTERM'])
  const close = () => {
    const { drain = defaultDrainMs, drainDelay = 0 } = loaded.gateway
    return pool.close(drainDelay + drain + afterDrainMs)
  }
  try {
    const url = await Promise.race([started, ending])
    if (url !== undefined) {
      process.stdout.write(addresses(url, loaded))
      const own = perWorker(loaded)
      if (own !== undefined) process.stderr.write(`${own}\n`)
      await Promise.race([ending, pool.failed])
    }
  } catch (error) {
    if (!(error instanceof WorkersFailed)) throw error
    process.stderr.write(error.problem.text)
    process.exitCode = error.problem.exitCode
  }
  await close()
  // A hanging store may hold the process: end it anyway.
  setTimeout(() => process.exit(), endMs).unref()
}

/** A port that is free now. If the host cannot be listened on, the workers say so. */
async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = createServer().listen(0, host)
  try {
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  } catch {
    return 0
  } finally {
    server.close()
  }
}
