// `patchbay worker`: does the calls of a queue with a provider, until a signal ends it.
import { worker as start } from '@patchbay/queue'
import { open, type ProviderFlags } from '../open-provider.js'
import { errorLine } from '../terminal/exit-codes.js'
import { signalled } from '../terminal/signalled.js'

/** The flags of `worker`. */
export interface WorkerFlags extends ProviderFlags {
  redis?: string
  concurrency?: number
}

/** Works until SIGINT or SIGTERM: then it takes no more calls, and finishes those that are running. */
export async function worker(name: string, { redis, concurrency, ...flags }: WorkerFlags): Promise<void> {
  const provider = await open(flags)
  try {
    const running = await start(name, provider, {
      redis,
      concurrency,
      onError: (error) => process.stderr.write(`${errorLine(error)}\n`),
    })
    process.stdout.write(`working on ${name}\n`)
    await signalled(['SIGINT', 'SIGTERM'])
    await running.close()
  } finally {
    await provider.close()
  }
}
