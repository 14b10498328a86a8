// A worker of `serve --workers`: a gateway whose local models, state and signals belong to the primary process.
import { loadConfig } from '@patchbay/config'
import { type GatewayServer, serve as listen } from '@patchbay/gateway'
import { local, useLocalModelOwner } from '@patchbay/local'
import { remoteState } from '@patchbay/policies'
import { errorLine, exitCodeOf, helpLine } from '../../terminal/exit-codes.js'
import { endMs, logRequest, type ServeFlags } from './flags.js'
import { Questions, type ToPrimary, type ToWorker } from './messages.js'

/** Serves until the primary process says that it ends. If that one dies, Node ends this process. */
export async function serveAsWorker({ config, log, workers: _, ...flags }: ServeFlags): Promise<void> {
  // Terminals and service managers signal all processes of a group: the primary decides.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  const receiveLocal = useLocalModelOwner((message) => post({ type: 'local', message }))
  const { state, receive: receiveState } = remoteState((request) => post({ type: 'state', request }))
  const pages = new Questions<string>()
  // The primary has told the warnings.
  const load = async () => ({ ...(await loadConfig(config === undefined ? {} : { config })), state })

  const start = async (): Promise<GatewayServer> => {
    try {
      return await listen({
        ...flags,
        loaded: await load(),
        otherwise: () => local(),
        metricsPage: () => pages.ask((id) => post({ type: 'wants-metrics-page', id })),
        ...(log && { onRequest: logRequest }),
      })
    } catch (error) {
      const problem = { text: `${errorLine(error)}\n${helpLine(error)}`, exitCode: exitCodeOf(error) }
      post({ type: 'not-started', problem })
      throw error
    }
  }
  const starting = start()
  // One after another, so that the last one wins.
  let reloading = starting.then(ignore, ignore)
  const reload = async (id: number) => {
    try {
      const next = await load()
      ;(await starting).reload(next)
      post({ type: 'reloaded', id })
    } catch (error) {
      post({ type: 'reloaded', id, problem: errorLine(error) })
    }
  }
  process.on('message', async (message: ToWorker) => {
    switch (message.type) {
      case 'local':
        return receiveLocal(message.message)
      case 'state':
        return receiveState(message.reply)
      case 'metrics-page':
        return pages.answer(message.id, message.text)
      case 'reload':
        reloading = reloading.then(() => reload(message.id))
        return
      case 'read-metrics':
        return post({ type: 'metrics', id: message.id, snapshot: await (await starting).metrics() })
      case 'ping':
        return post({ type: 'pong' })
      case 'close':
        await starting.then((gateway) => gateway.close(), ignore)
        return void setTimeout(() => process.exit(), endMs)
      default:
        return message satisfies never
    }
  })
  await starting.then(
    ({ url }) => post({ type: 'started', url }),
    () => setTimeout(() => process.exit(1), endMs),
  )
}

const ignore = () => {}

function post(message: ToPrimary): void {
  // A primary that is gone ends this process.
  process.send?.(message, () => {})
}
