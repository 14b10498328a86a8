// Gateways for tests: over a mock, and over the local model.
import { type GatewayEntry, loadConfig } from '@patchbay/config'
import type { Provider } from '@patchbay/core'
import { local } from '@patchbay/local'
import { onTestFinished } from 'vitest'
import { type GatewayServer, type ServeOptions, serve } from '../src/index.js'

export type Settings = GatewayEntry & Pick<ServeOptions, 'onRequest'>

/** A gateway with nothing configured, so that this one answers. */
export async function over(provider: () => Provider, settings: Settings = {}): Promise<GatewayServer> {
  const { onRequest, ...gateway } = settings
  const loaded = await loadConfig({ config: { providers: {}, gateway }, user: false })
  return serve({ loaded, otherwise: provider, port: 0, ...(onRequest !== undefined && { onRequest }) })
}

/** The same, for one test. */
export async function served(inner: Provider, more?: Settings): Promise<GatewayServer> {
  const gateway = await over(() => inner, more)
  onTestFinished(() => gateway.close())
  return gateway
}

export const bundled = (): Provider => local({ threads: 1, cacheDir: false })

/** What a client of a service throws; its class is given. */
export async function thrownBy<E extends Error>(
  kind: new (...args: never[]) => E,
  work: Promise<unknown>,
): Promise<E> {
  const error: unknown = await work.then(
    () => new Error('expected a failure'),
    (thrown) => thrown,
  )
  if (!(error instanceof kind)) throw error
  return error
}
