// Composite providers: `use: route`, `loadBalance`, `hedge`, `cascade`, `learn`.
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
  type RouteOptions,
  route,
} from '@patchbay/policies'
import type { Loaded } from '../file/load.js'
import type { Shared } from './shared-state.js'

/** The composite provider. Its first member is made at once, the others when they are needed. */
export async function makeComposite(
  use: string,
  { providers, ...options }: Record<string, unknown>,
  [first, ...others]: (() => Promise<Provider>)[],
  { loaded, shared }: { loaded: Loaded; shared: Shared },
): Promise<Provider> {
  const list: [Provider, ...Candidate[]] = [await (first as () => Promise<Provider>)(), ...others]
  switch (use) {
    case 'loadBalance':
      return loadBalance(list, {
        names: poolNames(providers as string[]),
        ...(options as LoadBalanceOptions),
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
