// Stored form of a call, for caches and cassettes: its key, its normalized request, its response without per-call fields.
import type { Provider } from '@patchbay/core'
import { prepareFor, requestWithDefaults } from '@patchbay/core/wrap'
import type { CallResponse, PolicyCall } from '../middleware/interception.js'
import { canonical, hash } from './hash.js'

type RequestDefaults = Pick<Provider, 'provider' | 'defaults'>

/**
 * Cache key of a call: equal for all ways to write the same request, different for anything that may change the answer.
 * `scope` separates apps that share a store. `change` changes the normalized request before it counts.
 */
export async function callKey(
  call: PolicyCall,
  target: RequestDefaults & { model: string },
  scope = '',
  change: (request: unknown) => unknown = (request) => request,
): Promise<string> {
  const { provider, model } = target
  const { headers = {}, metadata = {} } = call.options
  return hash(
    canonical({
      kind: call.kind,
      provider,
      model,
      scope,
      headers,
      tenant: metadata.tenant ?? '',
      request: change(await normalizedRequest(call, target)),
      ...unpreparedOptions(call, target),
    }),
  )
}

/**
 * Options of a chat that its prepared request does not show, but that other providers behind or around this one may use:
 * `onUnsupported`, and `providerOptions` for other providers.
 */
export function unpreparedOptions(call: PolicyCall, target: RequestDefaults): object {
  if (call.kind !== 'chat' && call.kind !== 'countTokens') return {}
  const { onUnsupported, providerOptions = {} } = requestWithDefaults(call.request, target)
  const { [target.provider]: _, ...others } = providerOptions
  return {
    ...(onUnsupported === 'warn' && { onUnsupported }),
    ...(Object.keys(others).length > 0 && { others }),
  }
}

/** The request in its one full form, whichever short form the caller used. */
export function normalizedRequest(call: PolicyCall, target: RequestDefaults): unknown {
  switch (call.kind) {
    case 'chat':
    case 'countTokens':
      return prepareFor(call.request, target)
    case 'embed': {
      const { request } = call
      const full = typeof request === 'string' || Array.isArray(request) ? { input: request } : request
      return { ...full, input: [full.input].flat() }
    }
    default:
      return call.request
  }
}

/** The response without fields that belong to one call (`cached`) or are computed from the rest (`output`). */
export function storedResponse<R extends CallResponse>(response: R): R {
  if (typeof response !== 'object' || !('message' in response)) return response
  const { output: _, cached: __, ...rest } = response
  return rest as R
}
