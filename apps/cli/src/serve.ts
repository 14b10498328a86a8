// `patchbay serve`: the gateway over everything that is configured.
import { isLlmError } from '@patchbay/core'
import { serve as listen, type VisitRecord } from '@patchbay/gateway'
import { local } from '@patchbay/local'
import { load } from './open.js'
import { printable } from './print.js'

/** What `patchbay serve` is told. */
export interface ServeFlags {
  port?: number
  host?: string
  strictModels?: boolean
  config?: string
  log?: boolean
}

/**
 * Serves until it is told to end (SIGINT, SIGTERM); then what runs is finished. SIGHUP reads the configuration again; one
 * that is wrong is told, and the one before stays.
 */
export async function serve({ config, log, ...flags }: ServeFlags): Promise<void> {
  const gateway = await listen({
    ...flags,
    loaded: await load(config),
    otherwise: () => local(),
    ...(log && { onRequest: toLine }),
  })
  const reload = async () => {
    try {
      gateway.reload(await load(config))
      process.stderr.write('The configuration was read again.\n')
    } catch (error) {
      if (!isLlmError(error)) throw error
      process.stderr.write(`The configuration stays as it was: ${printable(error.message)}\n`)
    }
  }
  process.on('SIGHUP', () => void reload())
  process.stdout.write(`listening on ${gateway.url}\n`)
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
  await gateway.close()
}

/** One line of JSON a request: who asked whom, and what it came to; never what was said. */
function toLine(record: VisitRecord): void {
  const level = record.status >= 500 ? 'error' : record.status >= 400 ? 'warn' : 'info'
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, ...record })}\n`)
}
