// The fields of a request to the Messages API, for the names in `providerOptions.claude`.
import type Anthropic from '@anthropic-ai/sdk'

type Body = Anthropic.MessageCreateParams

// Typed by the official client: a new field does not compile until it is listed.
const fields: { [Field in keyof Required<Body>]: true } = {
  ...{
    model: true,
    messages: true,
    max_tokens: true,
    system: true,
    stream: true,
    tools: true,
    tool_choice: true,
  },
  ...{ cache_control: true, container: true, diagnostics: true, inference_geo: true, metadata: true },
  ...{ output_config: true, service_tier: true, speed: true, stop_sequences: true, thinking: true },
  ...{ user_profile_id: true, workspace_id: true },
}

/** The names of all fields. Those that only older models take are known too. */
export const fieldNames = [
  ...Object.keys(fields),
  'temperature',
  'top_p',
  'top_k',
  'mcp_servers',
  'context_management',
  'betas',
]
