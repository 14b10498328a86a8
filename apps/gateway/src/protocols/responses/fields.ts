// The fields of the body of a Responses request, and our fields by their names there.
// Source: platform.openai.com/docs/api-reference/responses/create, November 2026.
import { bytesAs, type FieldNames } from '../../answer/client-errors.js'
import { fieldsOf } from '../../body/fields.js'
import { commonNames } from '../openai/fields.js'

// Ids and states of items are as good as kept: a conversation is the same without them.
const itemFields = fieldsOf(
  'type role content id call_id name namespace arguments output input summary encrypted_content status phase',
  'caller created_by',
  {
    nested: {
      content: fieldsOf(
        'type text refusal image_url file_url file_data filename input_audio annotations logprobs',
        'detail file_id prompt_cache_breakpoint',
        { others: 'ignore' },
      ),
    },
    others: 'ignore',
  },
)

const toolHints = 'strict defer_loading allowed_callers async output_schema'

const toolFields = fieldsOf(
  'type name description parameters format tools filters user_location search_context_size',
  toolHints,
  {
    nested: { tools: fieldsOf('type name description parameters format', toolHints, { others: 'ignore' }) },
    others: 'ignore',
  },
)

/** The fields of a body. */
export const fields = fieldsOf(
  'model input instructions previous_response_id stream store user metadata tools tool_choice parallel_tool_calls text max_output_tokens temperature top_p reasoning background stream_options include',
  'service_tier safety_identifier prompt_cache_key prompt_cache_retention prompt_cache_options client_metadata moderation access_programs context_management max_tool_calls background_options truncation top_logprobs',
  {
    neutral: { truncation: ['disabled'], top_logprobs: [0] },
    nested: {
      input: itemFields,
      tools: toolFields,
      text: fieldsOf('format', 'verbosity', {
        neutral: { verbosity: ['medium'] },
        nested: { format: fieldsOf('type name schema strict', 'description', { others: 'ignore' }) },
        others: 'ignore',
      }),
      // Summaries are always sent.
      reasoning: fieldsOf('effort summary generate_summary', 'context mode', { others: 'ignore' }),
      stream_options: fieldsOf('include_usage', 'include_obfuscation', { others: 'ignore' }),
    },
  },
)

/** Our fields by their names in the Responses API. */
export const names: FieldNames = {
  ...commonNames,
  maxOutputTokens: 'max_output_tokens',
  'reasoning.budgetTokens': 'reasoning.effort',
  "reasoning: 'off'": "reasoning: { effort: 'none' }",
  'output: { schema }': "text: { format: { type: 'json_schema' } }",
  'output.schema': 'text.format.schema',
  '`output`': '`text.format`',
  output: 'text.format',
  messages: 'input',
  'tools.input': 'parameters',
  ...bytesAs('a data URL'),
}
