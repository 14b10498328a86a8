// The fields of the body of a Messages request, and our fields by their names there.
// Source: platform.claude.com/docs/en/api/messages, November 2026.
import { bytesAs, type FieldNames } from '../../answer/client-errors.js'
import { fieldsOf } from '../../body/fields.js'

const cacheFields = fieldsOf('type ttl', '', { others: 'ignore' })

const sourceFields = fieldsOf('type media_type data url', '', { others: 'ignore' })

const resultFields = fieldsOf('type text source cache_control title content', 'citations context', {
  nested: { cache_control: cacheFields, source: sourceFields },
  others: 'ignore',
})

// Signatures that clients send back are in the gateway's own block of opaque state.
const blockFields = fieldsOf(
  'type text thinking signature data id name input tool_use_id content is_error source title cache_control tool tool_name',
  'citations context caller',
  { nested: { cache_control: cacheFields, source: sourceFields, content: resultFields }, others: 'ignore' },
)

const toolFields = fieldsOf(
  'type name description input_schema max_uses allowed_domains blocked_domains user_location',
  'cache_control defer_loading eager_input_streaming strict input_examples allowed_callers',
  { others: 'ignore' },
)

/** The fields of a body. */
export const fields = fieldsOf(
  'model messages max_tokens metadata stop_sequences stream system temperature thinking tool_choice tools top_k top_p output_config output_format thread',
  'service_tier inference_geo context_management cache_control betas speed diagnostics user_profile_id workspace_id billing_policy fallbacks fallback_credit_token compaction mcp_servers',
  {
    nested: {
      metadata: fieldsOf('user_id', '', { others: 'ignore' }),
      messages: fieldsOf('role content', 'id', { nested: { content: blockFields }, others: 'ignore' }),
      system: blockFields,
      tools: toolFields,
      thinking: fieldsOf('type budget_tokens', 'display', { others: 'ignore' }),
      tool_choice: fieldsOf('type name disable_parallel_tool_use', '', { others: 'ignore' }),
      output_config: fieldsOf('format effort', 'task_budget', { others: 'ignore' }),
      thread: fieldsOf('type previous_message_id', '', { others: 'ignore' }),
    },
  },
)

/** Our fields by their names in the Messages API. */
export const names: FieldNames = {
  maxOutputTokens: 'max_tokens',
  topP: 'top_p',
  topK: 'top_k',
  stop: 'stop_sequences',
  toolChoice: 'tool_choice',
  parallelToolCalls: 'tool_choice.disable_parallel_tool_use',
  'reasoning.budgetTokens': 'thinking.budget_tokens',
  "reasoning: 'off'": "thinking: { type: 'disabled' }",
  'Change reasoning': 'Change thinking',
  'output: { schema }': 'output_config: { format }',
  'output.schema': 'output_config.format.schema',
  '`output`': '`output_config.format`',
  output: 'output_config.format',
  'tools.input': 'input_schema',
  ...bytesAs('base64'),
}
