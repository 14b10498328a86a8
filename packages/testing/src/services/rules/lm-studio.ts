// Rules of LM Studio's server in Chat Completions.
import type { Json, Rule } from '../rule.js'

const hi = (more: Json = {}): Json => ({
  model: 'qwen/qwen3-4b',
  messages: [{ role: 'user', content: 'Hi.' }],
  ...more,
})
const tools = [
  { type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } },
]

export const lmStudio: readonly Rule[] = [
  {
    id: 'lmstudio/messages',
    refuses: 'A request without a list of messages.',
    check: ({ body: { messages } }) =>
      Array.isArray(messages) ? undefined : "'messages' field is required and must be an array",
    ...{ source: 'lmstudio-ai/lmstudio-bug-tracker#377', date: '2025-01', sure: 'medium' },
    example: { breaks: { model: 'qwen/qwen3-4b', messages: {} }, mends: hi() },
  },
  {
    id: 'lmstudio/tool-choice',
    refuses: 'A tool_choice that is not none, auto or required.',
    check: ({ body: { tool_choice: choice } }) =>
      choice === undefined || choice === null || ['none', 'auto', 'required'].includes(choice)
        ? undefined
        : `Invalid tool_choice type: '${typeof choice}'. Supported string values: none, auto, required`,
    ...{
      source: 'lmstudio-ai/lmstudio-bug-tracker#670; can1357/oh-my-pi#6925; alibaba/page-agent#613',
      date: '2026-07',
      sure: 'high',
    },
    example: {
      breaks: hi({ tools, tool_choice: { type: 'function', function: { name: 'look' } } }),
      mends: { tool_choice: 'required' },
    },
  },
  {
    id: 'lmstudio/response-format',
    refuses: 'A response_format other than json_schema and text: also json_object.',
    check: ({ body: { response_format: format } }) =>
      format === undefined || format === null || ['json_schema', 'text'].includes(format.type)
        ? undefined
        : "'response_format.type' must be 'json_schema' or 'text'",
    ...{
      source: 'HKUDS/DeepTutor#344; LoadShine/tada#16; lmstudio-ai/lmstudio-bug-tracker#189',
      date: '2026-04',
      sure: 'high',
    },
    example: {
      breaks: hi({ response_format: { type: 'json_object' } }),
      mends: {
        response_format: { type: 'json_schema', json_schema: { name: 'json', schema: { type: 'object' } } },
      },
    },
  },
]
