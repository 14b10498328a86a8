// `patchbay serve`: runs the gateway until a signal ends it.
import { defaultOf, type Loaded } from '@patchbay/config'
import { serve as listen, type RequestRecord } from '@patchbay/gateway'
import { local } from '@patchbay/local'
import { load } from '../open-provider.js'
import { errorLine } from '../terminal/exit-codes.js'
import { printable, toJson } from '../terminal/print.js'
import { signalled } from '../terminal/signalled.js'
import { configChanges } from './config-changes.js'
import { watchFiles } from './watch-files.js'

/** The flags of `serve`. */
export interface ServeFlags {
  port?: number
  host?: string
  strictModels?: boolean
  config?: string
  log?: boolean
}

/**
 * Serves until SIGINT or SIGTERM; running requests are finished. The configuration is reloaded when its files change, and on SIGHUP; if
 * the new one is wrong, the old one stays.
 */
export async function serve({ config, log, ...flags }: ServeFlags): Promise<void> {
  let loaded = await load(config)
  const starting = listen({
    ...flags,
    loaded,
    otherwise: () => local(),
    ...(log && { onRequest: logRequest }),
  })
  const reload = async (isAsked: boolean) => {
    try {
      const next = await load(config)
      const changes = configChanges(loaded, next)
      if (changes.length === 0 && !isAsked) return
      ;(await starting).reload(next)
      loaded = next
      const told = changes.length === 0 ? '' : ` Changed: ${changes.join(', ')}.`
      process.stderr.write(`The configuration was reloaded.${reloadLimits(next.files)}${told}\n`)
    } catch (error) {
      // Whatever failed, the gateway goes on.
      process.stderr.write(`The configuration was not changed: ${errorLine(error)}\n`)
    }
  }
  // From here on, so that no change during the start is missed. One after another, so that the last one wins.
  let reloading = starting.then(ignore, ignore)
  const planReload = (isAsked: boolean) => {
    reloading = reloading.then(() => reload(isAsked))
  }
  process.on('SIGHUP', () => planReload(true))
  watchFiles(loaded.files, () => planReload(false))
  const gateway = await starting
  process.stdout.write(`listening on ${gateway.url}\n${addresses(gateway.url, loaded)}`)
  await signalled(['SIGINT', 'SIGTERM'])
  await gateway.close()
  // A hanging service or store may hold the process: end it anyway.
  setTimeout(() => process.exit(), endMs).unref()
}

const ignore = () => {}

/** Where each client goes, and who answers. */
function addresses(url: string, loaded: Loaded): string {
  const names = [...loaded.providers.keys()]
  const answering =
    names.length === 0
      ? 'the bundled model pico (patchbay init sets up others)'
      : `${defaultOf(loaded) ?? 'no default'}${names.length > 1 ? `; by name: ${names.join(', ')}` : ''}`
  const page = loaded.gateway.playground === false ? '' : `  chat page  ${url}/\n`
  return `${page}  OpenAI     ${url}/v1
  Anthropic  ${url}
  Ollama     ${url}
  answers    ${printable(answering)}
`
}

/** Enough for pending writes. The promise is `drain` and two seconds, of which closing takes one. */
const endMs = 100

/** A note that Node caches what a module imports, except TypeScript imported by TypeScript. */
function reloadLimits(files: string[]): string {
  if (files.some((file) => /\.[cm]?js$/.test(file)))
    return ' Files that it imports were not reloaded: restart if they have changed.'
  return files.some((file) => /\.m?ts$/.test(file))
    ? ' Of the files that it imports, only TypeScript was reloaded: restart if others have changed.'
    : ''
}

/** Logs one request as a line of JSON; never prompts or answers. */
function logRequest(record: RequestRecord): void {
  const level = record.status >= 500 ? 'error' : record.status >= 400 ? 'warn' : 'info'
  process.stderr.write(`${toJson({ time: new Date().toISOString(), level, ...record })}\n`)
}
