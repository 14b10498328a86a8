// `patchbay serve`: the gateway over everything that is configured.
import { serve as listen, type VisitRecord } from '@patchbay/gateway'
import { local } from '@patchbay/local'
import { load } from '../open-provider.js'
import { errorLine } from '../terminal/exit-codes.js'
import { toJson } from '../terminal/print.js'

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
      const next = await load(config)
      gateway.reload(next)
      process.stderr.write(`The configuration was read again.${notReadAgain(next.files)}\n`)
    } catch (error) {
      // Whatever it is: what is served goes on.
      process.stderr.write(`The configuration stays as it was: ${errorLine(error)}\n`)
    }
  }
  // One after the other: what was read last counts.
  let reloading = Promise.resolve()
  process.on('SIGHUP', () => {
    reloading = reloading.then(reload)
  })
  process.stdout.write(`listening on ${gateway.url}\n`)
  await told(['SIGINT', 'SIGTERM'])
  await gateway.close()
  // A service or a store that hangs may hold the process: it ends all the same.
  setTimeout(() => process.exit(), endMs).unref()
}

/** Long enough for what is still being written; the law is `drain` and two seconds, of which closing takes one. */
const endMs = 100

/** Until one of these signals comes. The next one ends the process at once, as it does by default. */
function told(signals: NodeJS.Signals[]): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      for (const signal of signals) process.off(signal, end)
      resolve()
    }
    for (const signal of signals) process.on(signal, end)
  })
}

/** What Node keeps of a configuration that is a module: its imports, but for those of TypeScript by TypeScript. */
function notReadAgain(files: string[]): string {
  if (files.some((file) => /\.[cm]?js$/.test(file)))
    return ' Files that it imports were not: start anew where they have changed.'
  return files.some((file) => /\.m?ts$/.test(file))
    ? ' Of the files that it imports, only those in TypeScript were: start anew where others have changed.'
    : ''
}

/** One line of JSON a request: who asked whom, and what it came to; never what was said. */
function toLine(record: VisitRecord): void {
  const level = record.status >= 500 ? 'error' : record.status >= 400 ? 'warn' : 'info'
  process.stderr.write(`${toJson({ time: new Date().toISOString(), level, ...record })}\n`)
}
