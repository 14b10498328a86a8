// Opaque state of parts: marked with the host that made it, and given back to that host only.
import type { OpaqueState, Part } from '@patchbay/core'
import { stateOf } from '@patchbay/core/wire'

/** The service and model that state belongs to. */
export interface Origin {
  /** The server's host, with its port if that is not the default. */
  host: string
  /** The requested model. */
  model: string
}

/** State for parts of an answer. `bound`: the service binds it to its model. */
export function opaqueOf({ host, model }: Origin, data: unknown, bound = false): OpaqueState {
  return { provider: 'openai', host, ...(bound && { model }), data }
}

/** The state of a part, if this service and model can read it. */
export function ownState(part: Part, { host, model }: Origin): Record<string, unknown> | undefined {
  const { host: itsHost = host, model: itsModel = model } = part.opaque ?? {}
  return itsHost === host && itsModel === model ? stateOf(part, 'openai') : undefined
}
