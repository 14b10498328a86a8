// Encodes a request as the body of POST /responses. The service stores nothing: state goes back and forth, encrypted.
// Source: platform.openai.com/docs/api-reference/responses/create, November 2026.
import type { PreparedChat, Warning } from '@patchbay/core'
import type { Target } from '../api.js'
import type { Dialect } from '../dialects.js'
import { accepted } from '../limits.js'
import { isReasoningModel } from '../models.js'
import { toParameters } from '../parameters.js'
import { isStrict } from '../schema.js'
import { toItems } from './items.js'

type Json = Record<string, unknown>

/** The wire body. */
export function toResponsesBody(
  target: Target,
  given: PreparedChat,
  streaming: boolean,
  warn: (warning: Warning) => void,
): Json {
  const { model } = target
  const { chat, dialect, effort, fields, isReasoning } = accepted(given, target, 'responses', warn)
  const {
    temperature,
    topP,
    maxOutputTokens,
    tools,
    toolChoice,
    parallelToolCalls,
    output,
    providerOptions,
  } = chat
  const options = {
    temperature,
    top_p: topP,
    max_output_tokens: maxOutputTokens,
    reasoning: effort && { effort, ...(effort !== 'none' && { summary: 'auto' }) },
    ...fields,
    tools:
      tools.length > 0
        ? tools.map(({ name, description, schema }) => ({
            type: 'function',
            name,
            ...(description !== undefined && { description }),
            parameters: toParameters(schema),
            strict: false,
          }))
        : undefined,
    tool_choice:
      tools.length > 0
        ? typeof toolChoice === 'object'
          ? { type: 'function', name: toolChoice.name }
          : toolChoice
        : undefined,
    parallel_tool_calls: tools.length > 0 ? parallelToolCalls : undefined,
    text: output && { format: toFormat(output) },
  }
  const items = toItems(chat.messages, target, warn)
  return {
    model,
    input: output !== undefined && output.schema === undefined ? withJsonWord(items, dialect) : items,
    stream: streaming,
    store: false,
    // Models that do not reason refuse it: NousResearch/hermes-agent#23450 (May 2026).
    include: isReasoning && isReasoningModel(model) ? ['reasoning.encrypted_content'] : undefined,
    ...options,
    ...providerOptions,
  }
}

function toFormat({ schema, name = 'answer', strict }: NonNullable<PreparedChat['output']>): Json {
  return schema === undefined
    ? { type: 'json_object' }
    : { type: 'json_schema', name, schema, strict: isStrict(schema, strict) }
}

/** The items with the word JSON, without which OpenAI refuses the format. */
function withJsonWord(items: Json[], { jsonWord }: Dialect): Json[] {
  if (!jsonWord || /json/i.test(JSON.stringify(items))) return items
  return [{ role: 'system', content: [{ type: 'input_text', text: 'Answer in JSON.' }] }, ...items]
}
