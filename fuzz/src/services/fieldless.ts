// Fields that a service does not have: it ignores them, so an option that needs one is refused by us.
import type { ServiceName } from '../../../packages/testing/src/services/index.js'

// Their API references, November 2026. Ollama: openai/openai.go has no such fields.
const sampling = ['top_k', 'min_p']
const chat: Partial<Record<ServiceName, readonly string[]>> = {
  deepseek: [...sampling, 'parallel_tool_calls'],
  xai: sampling,
  gemini: sampling,
  moonshot: sampling,
  ollama: [...sampling, 'tool_choice', 'parallel_tool_calls'],
}

/** Whether the service has no such field. */
export function fieldless(service: ServiceName, protocol: string, fields: readonly string[]): boolean {
  return protocol === 'chat' && fields.some((field) => chat[service]?.includes(field))
}
