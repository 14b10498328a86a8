// Entries that are made of others: `use: route` and the like.
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

/** The provider made of these, the first of which is made at once. */
export async function ofSeveral(
  use: string,
  { providers: _, ...options }: Record<string, unknown>,
  [first, ...others]: (() => Promise<Provider>)[],
  { loaded, shared }: { loaded: Loaded; shared: Shared },
): Promise<Provider> {
  const list: [Provider, ...Candidate[]] = [await (first as () => Promise<Provider>)(), ...others]
  switch (use) {
    case 'loadBalance':
      return loadBalance(list, options as LoadBalanceOptions)
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
