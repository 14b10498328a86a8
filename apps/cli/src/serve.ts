// `patchbay serve`: the gateway over everything that is configured.
import { serve as listen } from '@patchbay/gateway'
import { local } from '@patchbay/local'
import { load } from './open.js'

/** What `patchbay serve` is told. */
export interface ServeFlags {
  port?: number
  host?: string
  strictModels?: boolean
  config?: string
}

/** Serves until it is told to end (SIGINT, SIGTERM); then what runs is finished. */
export async function serve({ config, ...flags }: ServeFlags): Promise<void> {
  const loaded = await load(config)
  const gateway = await listen({ ...flags, loaded, otherwise: () => local() })
  process.stdout.write(`listening on ${gateway.url}\n`)
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
  await gateway.close()
}
