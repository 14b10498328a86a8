// Prompt-cache breakpoints: options of messages and parts in the AI SDK, `cache` of a message in Patchbay. Source: @ai-
// sdk/anthropic 3.0.140 and @ai-sdk/amazon-bedrock 4.0, November 2026.
import type { LanguageModelV3, LanguageModelV3Message, SharedV3ProviderOptions } from '@ai-sdk/provider'
import type { Message } from '@patchbay/core'
import type { LeftOut } from '@patchbay/core/wire'
import { ours } from './hidden.js'

type Mark = NonNullable<Message['cache']>

// Anthropic's, which OpenRouter and others have adopted, and Bedrock's.
const names = new Set(['cacheControl', 'cache_control', 'cachePoint'])

// Our own marks.
const carried = new Set(['hidden', 'visibility', 'results'])

/** Whether an option of that name is a cache mark. */
export const isMark = (name: string): boolean => names.has(name)

/** The mark in the options of a message, a part or a tool; all other options are reported as left out. */
export function markIn(options: SharedV3ProviderOptions | undefined, lost: LeftOut): Mark | undefined {
  let mark: Mark | undefined
  for (const [provider, own] of Object.entries(options ?? {}))
    for (const [name, value] of Object.entries(own ?? {})) {
      const isOurs = provider === ours
      if ((isOurs && carried.has(name)) || value === undefined) continue
      if (!names.has(name) && !(isOurs && name === 'cache')) lost(`providerOptions.${provider}.${name}`)
      else if (value) {
        const { ttl } = value as { ttl?: unknown }
        mark = ttl === '5m' || ttl === '1h' ? { ttl } : true
      }
    }
  return mark
}

/** The mark after a message: its own, or else that of its last marked part. */
export function markOf(
  { content, providerOptions }: LanguageModelV3Message,
  lost: LeftOut,
): Pick<Message, 'cache'> {
  const own = markIn(providerOptions, lost)
  const marks = (typeof content === 'string' ? [] : content).map((part) => {
    const output = part.type === 'tool-result' ? part.output : undefined
    const inside = output === undefined ? [] : output.type === 'content' ? output.value : [output]
    return [part, ...inside].map(({ providerOptions }) => markIn(providerOptions, lost)).findLast(Boolean)
  })
  if (marks.slice(0, -1).some(Boolean))
    lost(
      'cache',
      'Patchbay has cache marks after whole messages only.',
      'The mark of a part was moved to the end of its message.',
    )
  const cache = own ?? marks.findLast(Boolean)
  return cache === undefined ? {} : { cache }
}

/** Whether the model is known to read cache marks. */
export function readsMarks({ provider, modelId }: LanguageModelV3): boolean {
  if (/anthropic/i.test(provider)) return true
  return /bedrock|openrouter|gateway|claude/i.test(provider) && /claude|nova/i.test(modelId)
}

/** The mark in the form of such models. */
export function toMark(cache: Mark | undefined): { providerOptions?: SharedV3ProviderOptions } {
  if (!cache) return {}
  const ttl = typeof cache === 'object' ? { ttl: cache.ttl } : {}
  return {
    providerOptions: {
      anthropic: { cacheControl: { type: 'ephemeral', ...ttl } },
      bedrock: { cachePoint: { type: 'default', ...ttl } },
    },
  }
}
