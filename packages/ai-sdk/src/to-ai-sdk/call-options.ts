// Collects the call options of an AI SDK call: those of the model, of `providerOptions.patchbay.call`, and of the call itself.
import type { LanguageModelV3CallOptions } from '@ai-sdk/provider'
import type { CallOptions } from '@patchbay/core'
import { omitUndefined } from '@patchbay/core/wrap'

/** All of them; later ones win. The AI SDK retries by itself, so the provider does not retry unless an option says so. */
export function callOptions(
  ofModel: CallOptions,
  {
    abortSignal,
    headers = {},
    providerOptions: { patchbay: { call } = {} } = {},
  }: Pick<LanguageModelV3CallOptions, 'abortSignal' | 'headers' | 'providerOptions'>,
): CallOptions {
  const options: CallOptions = {
    retry: false,
    ...omitUndefined(ofModel),
    ...omitUndefined((call as CallOptions | undefined) ?? {}),
  }
  const named = { ...options.headers, ...omitUndefined(headers) } as Record<string, string>
  return {
    ...options,
    ...(abortSignal && { signal: abortSignal }),
    ...(Object.keys(named).length > 0 && { headers: named }),
  }
}
