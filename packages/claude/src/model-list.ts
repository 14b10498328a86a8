// Models of the service's own list. Source: @anthropic-ai/sdk 1.14.0 (ModelInfo, ModelCapabilities), November 2026.
import type { Capability, ModelInfo } from '@patchbay/core'
import { fieldsOf } from '@patchbay/core/wire'

/** A model as ours; none for an entry without an id. */
export function toModelInfo(model: Record<string, unknown>): ModelInfo[] {
  const {
    id,
    display_name: name,
    max_input_tokens: contextWindow,
    max_tokens: maxOutput,
    retires_at: end,
  } = model
  if (typeof id !== 'string') return []
  const given = fieldsOf(model.capabilities)
  const supported = (name: string): Capability => {
    const is = fieldsOf(given[name]).supported
    return typeof is === 'boolean' ? is : 'unknown'
  }
  return [
    {
      id,
      ...(typeof name === 'string' && { name }),
      ...(typeof contextWindow === 'number' && { contextWindow }),
      ...(typeof maxOutput === 'number' && { maxOutput }),
      ...(typeof end === 'string' && { endOfLife: end.slice(0, 10) }),
      ...(Object.keys(given).length > 0 && {
        capabilities: {
          vision: supported('image_input'),
          files: supported('pdf_input'),
          json: supported('structured_outputs'),
          reasoning: supported('thinking'),
        },
      }),
    },
  ]
}
