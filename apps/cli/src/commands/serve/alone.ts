// `patchbay serve` in one process.
import type { Loaded } from '@patchbay/config'
import { serve as listen } from '@patchbay/gateway'
import { local } from '@patchbay/local'
import { load } from '../../open-provider.js'
import { signalled } from '../../terminal/signalled.js'
import { addresses } from './addresses.js'
import { endMs, logRequest, type ServeFlags } from './flags.js'
import { followConfig } from './follow-config.js'

/** Serves until SIGINT or SIGTERM; running requests are finished. */
export async function serveAlone({ config, log, workers: _, ...flags }: ServeFlags): Promise<void> {
  const loaded = await load(config)
  const started = listen({
    ...flags,
    loaded,
    otherwise: () => local(),
    ...(log && { onRequest: logRequest }),
  })
  const apply = async (next: Loaded) => {
    ;(await started).reload(next)
    return undefined
  }
  followConfig({ loaded, config, started, apply })
  const gateway = await started
  process.stdout.write(addresses(gateway.url, loaded))
  await signalled(['SIGINT', 'SIGTERM'])
  await gateway.close()
  // A hanging service or store may hold the process: end it anyway. The promise is `drain` and two seconds, of which closing takes one.
  setTimeout(() => process.exit(), endMs).unref()
}
