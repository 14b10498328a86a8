// Warns of AI SDK call options that Patchbay does not support; they are left out, as AI SDK models do.
import type { SharedV3ProviderOptions, SharedV3Warning } from '@ai-sdk/provider'
import type { ChatRequest, EmbedRequest, ImageRequest, SpeakRequest } from '@patchbay/core'
import type { LeftOut } from '@patchbay/core/wire'

/** Adds a warning, once for each feature. */
export function leftOutReporter(warnings: SharedV3Warning[]): LeftOut {
  const warned = new Set<string>()
  return (feature, reason = `Patchbay does not support ${feature}.`, done = 'It was left out.') => {
    if (warned.has(feature)) return
    warned.add(feature)
    warnings.push({ type: 'unsupported', feature, details: `${reason} ${done}` })
  }
}

// The options in `providerOptions.patchbay`, beside `call`.
const chatOptions = {
  messages: true,
  system: true,
  tools: true,
  toolChoice: true,
  parallelToolCalls: true,
  output: true,
  maxOutputTokens: true,
  temperature: true,
  topP: true,
  topK: true,
  minP: true,
  seed: true,
  stop: true,
  frequencyPenalty: true,
  presencePenalty: true,
  reasoning: true,
  logprobs: true,
  cache: true,
  providerOptions: true,
  onUnsupported: true,
} satisfies Record<keyof ChatRequest, true>
const embedOptions = {
  input: true,
  dimensions: true,
  inputType: true,
  truncate: true,
  concurrency: true,
  providerOptions: true,
} satisfies Record<keyof EmbedRequest, true>
const imageOptions = {
  prompt: true,
  images: true,
  mask: true,
  n: true,
  size: true,
  aspectRatio: true,
  quality: true,
  background: true,
  format: true,
  seed: true,
  providerOptions: true,
} satisfies Record<keyof ImageRequest, true>
const speakOptions = {
  text: true,
  voice: true,
  format: true,
  speed: true,
  instructions: true,
  providerOptions: true,
} satisfies Record<keyof SpeakRequest, true>

/** The options of `providerOptions`: those of `patchbay` are request options, all others are for the provider of that name. */
export function chatRequestOptions(
  options: SharedV3ProviderOptions | undefined,
  lost: LeftOut,
): Partial<ChatRequest> {
  return requestOptions(options, chatOptions, lost)
}

/** The same for embeddings. */
export function embedRequestOptions(
  options: SharedV3ProviderOptions | undefined,
  lost: LeftOut,
): Partial<EmbedRequest> {
  return requestOptions(options, embedOptions, lost)
}

/** The same for images. */
export function imageRequestOptions(
  options: SharedV3ProviderOptions | undefined,
  lost: LeftOut,
): Partial<ImageRequest> {
  return requestOptions(options, imageOptions, lost)
}

/** The same for speech. */
export function speakRequestOptions(
  options: SharedV3ProviderOptions | undefined,
  lost: LeftOut,
): Partial<SpeakRequest> {
  return requestOptions(options, speakOptions, lost)
}

function requestOptions(
  given: SharedV3ProviderOptions = {},
  known: Record<string, true>,
  lost: LeftOut,
): { providerOptions?: Record<string, Record<string, unknown>> } {
  const { patchbay: { call: _, ...own } = {}, ...others } = given
  const { providerOptions, ...options }: { providerOptions?: SharedV3ProviderOptions } = Object.fromEntries(
    Object.entries(own).filter(([name]) => {
      if (!Object.hasOwn(known, name)) lost(`providerOptions.patchbay.${name}`)
      return Object.hasOwn(known, name)
    }),
  )
  const all = { ...others, ...providerOptions }
  return { ...options, ...(Object.keys(all).length > 0 && { providerOptions: all }) }
}
