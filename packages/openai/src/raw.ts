// Raw requests: which servers take what a client of OpenAI's protocols wrote, as it is.
import type { WireProtocol } from '@patchbay/core/wire'
import type { Target } from './api.js'

// Other servers have dialects of their own, or know fewer kinds of tools, which the encoder knows and clients do not.
const withoutDialect = new Set<string | undefined>(['openai', 'azure', 'compatible'])

/** The protocol of raw requests to this server; `undefined` where requests must be encoded. */
export function rawProtocol({ preset }: Target, api: 'chat' | 'responses'): WireProtocol | undefined {
  return withoutDialect.has(preset.name) && preset.dialect === undefined ? `openai-${api}` : undefined
}
