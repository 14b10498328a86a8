// Models of the service's own list. Source: ai.google.dev/api/models, November 2026.
import type { ModelInfo } from '@patchbay/core'

/** A model as ours; none for an entry without a name. */
export function toModelInfo(model: Record<string, unknown>): ModelInfo[] {
  const { name, displayName, inputTokenLimit, outputTokenLimit, supportedGenerationMethods, thinking } = model
  if (typeof name !== 'string') return []
  const methods = Array.isArray(supportedGenerationMethods) ? supportedGenerationMethods : undefined
  return [
    {
      id: name.replace(/^.*\//, ''),
      ...(typeof displayName === 'string' && { name: displayName }),
      ...(typeof inputTokenLimit === 'number' && { contextWindow: inputTokenLimit }),
      ...(typeof outputTokenLimit === 'number' && { maxOutput: outputTokenLimit }),
      ...(methods !== undefined && {
        capabilities: {
          embed: methods.includes('embedContent'),
          ...(typeof thinking === 'boolean' && { reasoning: thinking }),
        },
      }),
    },
  ]
}
