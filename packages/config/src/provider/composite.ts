// Composite providers: `use: route`, `loadBalance`, `hedge`, `cascade`, `learn`.
import { resolve } from 'node:path'
import type { Provider } from '@patchbay/core'
import {
  type Candidate,
  type CascadeOptions,
  cascade,
  type HedgeOptions,
  hedge,
  type LearnOptions,
  type LoadBalanceOptions,
  learn,
  loadBalance,
  pool,
  type RouteOptions,
  route,
} from '@patchbay/policies'
import { configError } from '../file/config-error.js'
import type { Loaded } from '../file/load.js'
import type { Shared } from './shared-state.js'

/** What a composite is made with. */
export interface CompositeContext {
  loaded: Loaded
  shared: Shared
  /** Where it is configured, for messages. */
  where: string
  /** The folder that relative paths start from. */
  folder: string
  /** Makes the only member of a list for one of its servers. */
  makeServer(server: string): Promise<Provider>
}

/** The composite provider. Its first member is made at once, the others when they are needed. */
export async function makeComposite(
  use: string,
  { providers, ...options }: Record<string, unknown>,
  [first, ...others]: (() => Promise<Provider>)[],
  { loaded, shared, where, folder, makeServer }: CompositeContext,
): Promise<Provider> {
  const { servers, probe, weights, ...balancing } = options as PoolEntry
  if (servers !== undefined) {
    if (others.length > 0 || weights !== undefined)
      throw configError(`${where}: \`servers\` goes with one provider in the list, and without weights.`)
    return pool(withFolder(servers, folder), makeServer, { ...balancing, ...probeOf(probe) })
  }
  const list: [Provider, ...Candidate[]] = [await (first as () => Promise<Provider>)(), ...others]
  switch (use) {
    case 'loadBalance':
      return loadBalance(list, {
        names: poolNames(providers as string[]),
        ...balancing,
        ...(weights && { weights }),
        ...probeOf(probe),
      })
    case 'hedge':
      return hedge(list, options as HedgeOptions)
    case 'route':
      return route(list, { ...(options as RouteOptions), prices: loaded.prices })
    case 'cascade':
      return cascade(list, options as CascadeOptions)
    default: {
      const state = await shared.state()
      return learn(list, { ...(options as LearnOptions), ...(state && { state }) })
    }
  }
}

/** A name for each member, by which it keeps its conversations: a list may name a provider twice. */
function poolNames(names: string[]): string[] {
  return names.map((name, at) => (names.indexOf(name) === at ? name : `${name} ${at}`))
}

/** The options of `loadBalance` in a configuration. */
interface PoolEntry extends Pick<LoadBalanceOptions, 'by' | 'weights'> {
  servers?: string
  probe?: boolean
}

/** Milliseconds for a server to list its models. */
const probeMs = 2000

function probeOf(isAsked: boolean | undefined): Pick<LoadBalanceOptions, 'probe'> {
  return isAsked ? { probe: (provider) => provider.models({ timeout: probeMs, retry: false }) } : {}
}

/** `file:PATH` with an absolute path; other addresses as they are. */
function withFolder(servers: string, folder: string): string {
  return servers.startsWith('file:') ? `file:${resolve(folder, servers.slice('file:'.length))}` : servers
}

/**
 * The address of a server: that of the configuration with another host, and another port if the server has one.
 * @throws {LlmError} `config` if there is none, or if it is not an address
 */
export function addressOf(baseURL: unknown, server: string, where: string): string {
  if (typeof baseURL !== 'string')
    throw configError(`${where} needs a baseURL: its host is replaced by each of the servers.`)
  try {
    const url = new URL(baseURL)
    const hasProtocol = server.includes('://')
    const given = new URL(hasProtocol ? server : `${url.protocol}//${server}`)
    if (!hasProtocol && !/:\d+$/.test(server)) given.port = url.port
    return `${given.origin}${url.pathname}${url.search}`
  } catch (cause) {
    const message = `${where}: ${JSON.stringify(server)} is not a server, or the baseURL is not an address.`
    throw configError(message, { cause })
  }
}
