// The fields of a request to the Messages API, for the names in `providerOptions.claude`.
import type Anthropic from '@anthropic-ai/sdk'

import { LlmError } from '@patchbay/core'
import { checkFields, type OptionNames } from '@patchbay/core/wire'

type Body = Anthropic.MessageCreateParams

// Typed by the official client: a new field does not compile until it is listed.
const fields: OptionNames<Body> = {
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

// Those that only older models take are known too.
const fieldNames = [
  ...Object.keys(fields),
  'temperature',
  'top_p',
  'top_k',
  'mcp_servers',
  'context_management',
]

/**
 * Checks the names of `providerOptions.claude`.
 * @throws {LlmError} `invalid-request` with the right name
 */
export function checkProviderOptions(given: Readonly<Record<string, unknown>>): void {
  const place = 'providerOptions.claude'
  // A parameter of the official client, which sends it as a header.
  if (given.betas !== undefined)
    throw new LlmError(
      'invalid-request',
      `${place}.betas is not a field of the service. Pass the header: headers: { 'anthropic-beta': 'name-of-the-beta' }.`,
    )
  checkFields(given, fieldNames, place)
}
