// What a handler knows of its request: who asks, and who answers.
import type { Provider } from '@patchbay/core'
import type { Context } from 'hono'
import { type Json, nameOf } from './body.js'
import type { Client } from './keys.js'
import type { Targets } from './targets.js'
import type { Visit } from './visit.js'

/** In the context of each request; `client` where there are keys. */
export interface Env {
  Variables: { visit: Visit; client?: Client }
}

/** Who answers this request. */
export function providerOf(context: Context<Env>, targets: Targets, body: Json): Promise<Provider> {
  const { visit, client } = context.var
  const model = nameOf(body)
  if (model !== undefined) visit.found({ model })
  return targets.get(model, client)
}
