// The fields of the bodies of Chat Completions and embeddings, and our fields by their names there.
// Source: platform.openai.com/docs/api-reference/chat/create, November 2026.
import { bytesAs, type FieldNames } from '../../answer/client-errors.js'
import type { Json } from '../../body/body.js'
import { fieldsOf } from '../../body/fields.js'

const partFields = fieldsOf(
  'type text refusal image_url input_audio file',
  'cache_control prompt_cache_breakpoint',
  {
    nested: {
      image_url: fieldsOf('url', 'detail', { others: 'ignore' }),
      file: fieldsOf('file_data filename file_id', '', { others: 'ignore' }),
      input_audio: fieldsOf('data format', '', { others: 'ignore' }),
    },
    others: 'ignore',
  },
)

const messageFields = fieldsOf(
  'role content tool_calls tool_call_id refusal reasoning_content reasoning',
  'name id audio annotations reasoning_details provider_specific_fields',
  {
    nested: {
      content: partFields,
      tool_calls: fieldsOf('id type function custom', 'index extra_content', {
        nested: { function: fieldsOf('name arguments', '', { others: 'ignore' }) },
        others: 'ignore',
      }),
    },
    others: 'ignore',
  },
)

const toolFields = fieldsOf('type function custom', 'cache_control', {
  nested: {
    function: fieldsOf('name description parameters', 'strict cache_control', { others: 'ignore' }),
    custom: fieldsOf('name description format', '', { others: 'ignore' }),
  },
  others: 'ignore',
})

/** The fields of a body. */
export const fields = fieldsOf(
  'model messages stream stream_options user metadata tools tool_choice parallel_tool_calls response_format max_tokens max_completion_tokens temperature top_p top_k min_p seed stop frequency_penalty presence_penalty reasoning_effort reasoning n logprobs top_logprobs modalities',
  'store service_tier safety_identifier prompt_cache_key prompt_cache_retention prompt_cache_options prediction verbosity truncation moderation cache_control web_search_options include_reasoning usage thinking enable_thinking chat_template_kwargs provider transforms',
  {
    neutral: { verbosity: ['medium'], truncation: ['disabled'] },
    nested: {
      messages: messageFields,
      tools: toolFields,
      stream_options: fieldsOf('include_usage', 'include_obfuscation continuous_usage_stats', {
        others: 'ignore',
      }),
      response_format: fieldsOf('type json_schema schema', '', {
        nested: { json_schema: fieldsOf('name schema strict', 'description', { others: 'ignore' }) },
        others: 'ignore',
      }),
      reasoning: fieldsOf('effort', 'summary max_tokens exclude enabled', { others: 'ignore' }),
    },
  },
)

/** The fields of POST /v1/embeddings. */
export const embedFields = fieldsOf(
  'model input dimensions encoding_format user metadata',
  'input_type truncate',
)

/** Field names that both of OpenAI's protocols share. */
export const commonNames = {
  topP: 'top_p',
  toolChoice: 'tool_choice',
  parallelToolCalls: 'parallel_tool_calls',
} satisfies FieldNames

/** Our fields by their names in Chat Completions. */
export function namesFor({ max_tokens, max_completion_tokens }: Json): FieldNames {
  const hasOld = max_tokens !== undefined && max_tokens !== null
  return hasOld && (max_completion_tokens ?? null) === null ? oldNames : names
}

const names: FieldNames = {
  ...commonNames,
  maxOutputTokens: 'max_completion_tokens',
  topK: 'top_k',
  minP: 'min_p',
  frequencyPenalty: 'frequency_penalty',
  presencePenalty: 'presence_penalty',
  'reasoning.budgetTokens': 'reasoning_effort',
  "reasoning: 'off'": "reasoning_effort: 'none'",
  'output: { schema }': "response_format: { type: 'json_schema' }",
  'output.schema': 'response_format.json_schema.schema',
  '`output`': '`response_format`',
  output: 'response_format',
  'tools.name': 'function.name',
  'tools.input': 'function.parameters',
  ...bytesAs('a data URL'),
}
const oldNames: FieldNames = { ...names, maxOutputTokens: 'max_tokens' }
