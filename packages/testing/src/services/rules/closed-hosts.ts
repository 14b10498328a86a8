// Rules of hosts that refuse unknown fields in Chat Completions: Mistral, Groq, Cerebras and xAI.
import { first, type Json, listOf, type Rule, unknownKey, walk } from '../rule.js'

const user = (content: string): Json => ({ role: 'user', content })
const hi = (model: string, more: Json = {}): Json => ({ model, messages: [user('Hi.')], ...more })
const call = (id: string): Json => ({ id, type: 'function', function: { name: 'look', arguments: '{}' } })
const calls = (id: string): Json => ({ role: 'assistant', content: '', tool_calls: [call(id)] })
const result = (id: string): Json => ({ role: 'tool', tool_call_id: id, name: 'look', content: 'Seen.' })
const assistant = (more: Json = {}): Json => ({ role: 'assistant', content: 'Hi.', ...more })

const common = [
  ...['model', 'messages', 'temperature', 'top_p', 'max_tokens', 'stream', 'stop', 'tools', 'tool_choice'],
  ...[
    'parallel_tool_calls',
    'response_format',
    'n',
    'frequency_penalty',
    'presence_penalty',
    'reasoning_effort',
  ],
]
const mistralFields = new Set([
  ...common,
  'random_seed',
  'prediction',
  'prompt_mode',
  'safe_prompt',
  'metadata',
  'guardrails',
])
const openaiFields = [
  ...[
    'max_completion_tokens',
    'seed',
    'user',
    'stream_options',
    'logprobs',
    'top_logprobs',
    'logit_bias',
    'service_tier',
  ],
  ...['metadata', 'store', 'functions', 'function_call'],
]
const groqFields = new Set([
  ...[...common, ...openaiFields, 'reasoning_format', 'include_reasoning', 'search_settings', 'documents'],
  ...['citation_options', 'compound_custom', 'exclude_domains', 'include_domains', 'disable_tool_validation'],
])
const cerebrasFields = new Set([
  ...[
    ...common,
    ...openaiFields,
    'reasoning_format',
    'disable_reasoning',
    'clear_thinking',
    'prediction',
    'min_tokens',
  ],
])

const withField =
  (field: string) =>
  (body: Json): number =>
    listOf(body.messages).findIndex((message) => message.role === 'assistant' && message[field] !== undefined)
const reasoningContent = withField('reasoning_content')

export const mistral: readonly Rule[] = [
  {
    id: 'mistral/unknown-fields',
    refuses:
      'Any unknown field: store, seed (its name is random_seed), max_completion_tokens, stream_options, user.',
    check: ({ body }) => {
      const field = unknownKey(body, mistralFields)
      return (
        field && {
          status: 422,
          message: 'Extra inputs are not permitted',
          param: field,
          code: 'extra_forbidden',
        }
      )
    },
    ...{
      source: 'Gitlawb/openclaude#739; editor-code-assistant/eca#231; anon-kode#53',
      date: '2026-04',
      sure: 'high',
    },
    example: { breaks: hi('mistral-large-latest', { seed: 1 }), mends: { seed: undefined, random_seed: 1 } },
  },
  {
    id: 'mistral/reasoning-content',
    refuses: 'reasoning_content in a message of the assistant.',
    check: ({ body }) => {
      const index = reasoningContent(body)
      return index < 0
        ? undefined
        : {
            status: 422,
            message: 'Extra inputs are not permitted',
            param: `messages.${index}.assistant.reasoning_content`,
            code: 'extra_forbidden',
          }
    },
    ...{ source: 'charmbracelet/crush#1590; BerriAI/litellm#30835', date: '2026-06', sure: 'high' },
    example: {
      breaks: {
        ...hi('magistral-medium'),
        messages: [user('Hi.'), assistant({ reasoning_content: 'Hm.' }), user('Hi?')],
      },
      mends: { messages: [user('Hi.'), assistant(), user('Hi?')] },
    },
  },
  {
    id: 'mistral/tool-call-ids',
    refuses: 'Ids of tool calls that are not nine letters and digits.',
    check: ({ body }) =>
      first(listOf(body.messages), ({ tool_calls: own, tool_call_id: of }) => {
        const bad = [...listOf(own).map(({ id }) => id), ...(of === undefined ? [] : [of])].find(
          (id) => !/^[a-zA-Z0-9]{9}$/.test(id),
        )
        return (
          bad && {
            message: `Tool call id was ${bad} but must be a-z, A-Z, 0-9, with a length of 9.`,
            code: '3280',
          }
        )
      }),
    ...{
      source: 'langchain-ai/langchain#24668; karthink/gptel#1203; avante.nvim#2951',
      date: '2026-02',
      sure: 'high',
    },
    example: {
      breaks: { ...hi('mistral-large-latest'), messages: [user('Look.'), calls('call_1'), result('call_1')] },
      mends: { messages: [user('Look.'), calls('abcdefgh1'), result('abcdefgh1')] },
    },
  },
  {
    id: 'mistral/message-order',
    refuses:
      'A user after a tool, a tool after a user, and a last message of the assistant without prefix: true.',
    check: ({ body }) => {
      const messages = listOf(body.messages)
      const code = '3230'
      const last = messages.at(-1)
      if (last?.role === 'assistant' && last.prefix !== true)
        return {
          message:
            'Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant',
          code,
        }
      return first(messages, ({ role }, index) => {
        const before = messages[index - 1]?.role
        return (role === 'user' && before === 'tool') || (role === 'tool' && before === 'user')
          ? { message: `Unexpected role '${role}' after role '${before}'`, code }
          : undefined
      })
    },
    ...{
      source: 'datapizza#98; avante.nvim#2695; charmbracelet/crush#279; vercel/ai',
      date: '2025-12',
      sure: 'high',
    },
    example: {
      breaks: {
        ...hi('mistral-large-latest'),
        messages: [user('Look.'), calls('abcdefgh1'), result('abcdefgh1'), user('Well?')],
      },
      mends: {
        messages: [user('Look.'), calls('abcdefgh1'), result('abcdefgh1'), assistant(), user('Well?')],
      },
    },
  },
]

export const groq: readonly Rule[] = [
  {
    id: 'groq/unknown-fields',
    refuses: 'Any unknown field at the top.',
    check: ({ body }) => {
      const field = unknownKey(body, groqFields)
      return field && `property '${field}' is unsupported`
    },
    ...{ source: 'CherryHQ/cherry-studio#1099', date: '2025-02', sure: 'high' },
    example: { breaks: hi('llama-3.3-70b-versatile', { top_k: 5 }), mends: { top_k: undefined } },
  },
  {
    id: 'groq/logprobs',
    refuses: 'logprobs, top_logprobs and logit_bias.',
    check: ({ body }) => {
      const field = ['logprobs', 'top_logprobs', 'logit_bias'].find((name) => body[name] !== undefined)
      return field && `'${field}' is not supported with this model`
    },
    ...{ source: 'console.groq.com/docs/openai; hexdocs.pm/nexlm Groq', date: '2026-08', sure: 'medium' },
    example: { breaks: hi('llama-3.3-70b-versatile', { logprobs: true }), mends: { logprobs: undefined } },
  },
  {
    id: 'groq/reasoning-content',
    refuses: 'reasoning_content in a message of the assistant (its name is reasoning).',
    check: ({ body }) => {
      const at = `messages.${reasoningContent(body)}`
      return at === 'messages.-1'
        ? undefined
        : `'${at}' : for 'role:assistant' the following must be satisfied[('${at}' : property 'reasoning_content' is unsupported)]`
    },
    ...{ source: 'janhq/jan#8136; Kai#265; vellum#42635', date: '2026-09', sure: 'high' },
    example: {
      breaks: {
        ...hi('openai/gpt-oss-120b'),
        messages: [user('Hi.'), assistant({ reasoning_content: 'Hm.' }), user('Hi?')],
      },
      mends: { messages: [user('Hi.'), assistant({ reasoning: 'Hm.' }), user('Hi?')] },
    },
  },
  {
    id: 'groq/effort',
    refuses:
      'A reasoning_effort other than none and default on Qwen models, or low, medium and high on gpt-oss.',
    check: ({ model, body: { reasoning_effort: effort } }) => {
      if (effort === undefined) return
      const taken = /qwen/.test(model)
        ? ['none', 'default']
        : /gpt-oss/.test(model)
          ? ['low', 'medium', 'high']
          : [effort]
      return taken.includes(effort)
        ? undefined
        : `\`reasoning_effort\` must be one of ${taken.map((one) => `\`${one}\``).join(' or ')}`
    },
    ...{
      source: 'earendil-works/pi#1745; free-claude-code#1348; theopenco/llmgateway#3422 quoting the docs',
      date: '2026-08',
      sure: 'high',
    },
    example: {
      breaks: hi('qwen/qwen3-32b', { reasoning_effort: 'low' }),
      mends: { reasoning_effort: 'default' },
    },
  },
]

export const cerebras: readonly Rule[] = [
  {
    id: 'cerebras/unknown-fields',
    refuses: 'Any unknown field, also reasoning and enable_thinking.',
    check: ({ body }) => {
      const field = unknownKey(body, cerebrasFields)
      return (
        field && {
          message: `body.${field}: property 'body.${field}' is unsupported`,
          param: 'validation_error',
          code: 'wrong_api_format',
        }
      )
    },
    ...{ source: 'anomalyco/opencode#6648; proxysoul/Empryo#209', date: '2026-09', sure: 'high' },
    example: {
      breaks: hi('gpt-oss-120b', { reasoning: { effort: 'low' } }),
      mends: { reasoning: undefined, reasoning_effort: 'low' },
    },
  },
  {
    id: 'cerebras/reasoning-content',
    refuses: 'reasoning_content in a message of the assistant (its name is reasoning).',
    check: ({ body }) => {
      const index = reasoningContent(body)
      return index < 0
        ? undefined
        : {
            message: `messages.${index}.assistant.reasoning_content: property is unsupported`,
            param: 'validation_error',
            code: 'wrong_api_format',
          }
    },
    ...{ source: 'proxysoul/Empryo#209; Kilo-Org/kilocode#10375', date: '2026-09', sure: 'high' },
    example: {
      breaks: {
        ...hi('gpt-oss-120b'),
        messages: [user('Hi.'), assistant({ reasoning_content: 'Hm.' }), user('Hi?')],
      },
      mends: { messages: [user('Hi.'), assistant({ reasoning: 'Hm.' }), user('Hi?')] },
    },
  },
  {
    id: 'cerebras/answer-schema',
    refuses: 'Schemas of answers with objects that are not closed, or with minItems, maxItems or pattern.',
    check: ({ body: { response_format: format } }) =>
      first(walk(format?.json_schema?.schema), ([, node]) => {
        const keyword = ['minItems', 'maxItems', 'pattern'].find(
          (name) => name in node && typeof node[name] !== 'object',
        )
        const message = keyword
          ? `Unsupported JSON schema fields: {'${keyword}'}`
          : node.type === 'object' && node.additionalProperties !== false
            ? "'additionalProperties' is required to be supplied and set to false."
            : undefined
        return (
          message && {
            message,
            status: keyword ? 400 : 422,
            param: 'response_format',
            code: 'wrong_api_format',
          }
        )
      }),
    ...{ source: 'agno-agi/agno#6014; musistudio/claude-code-router#708', date: '2026-01', sure: 'medium' },
    example: {
      breaks: hi('gpt-oss-120b', {
        response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' } } },
      }),
      mends: { response_format: { type: 'json_object' } },
    },
  },
  {
    id: 'cerebras/limits',
    refuses: 'A temperature over 1.5, and more than four stop sequences.',
    check: ({ body: { temperature, stop } }) =>
      temperature > 1.5 || listOf(stop).length > 4
        ? { message: 'Invalid value.', code: 'wrong_api_format' }
        : undefined,
    ...{ source: 'llmgateway#1322 quoting the docs', date: '2025-12', sure: 'medium' },
    example: { breaks: hi('gpt-oss-120b', { temperature: 2 }), mends: { temperature: 1 } },
  },
]

const noEffort = /^grok-(3|4|4-fast.*|4-1-fast.*|4\.20-0309-.*|code-fast-1|4-latest|3-latest)$/

export const xai: readonly Rule[] = [
  {
    id: 'xai/effort',
    refuses: 'reasoning_effort on grok-3, grok-4 and fast models, and none on grok-4.5 and grok-4.6.',
    check: ({ model, body: { reasoning_effort: effort } }) => {
      if (effort === undefined) return
      return noEffort.test(model) || (/^grok-4\.[56]/.test(model) && effort === 'none')
        ? `Model ${model} does not support parameter reasoningEffort.`
        : undefined
    },
    ...{ source: 'hermes-agent#23435; mnfst/modelparams.dev#330', date: '2026-08', sure: 'high' },
    example: { breaks: hi('grok-4', { reasoning_effort: 'low' }), mends: { reasoning_effort: undefined } },
  },
  {
    id: 'xai/penalties',
    refuses: 'Penalties on grok-4 and later models, even when they are 0.',
    check: ({ model, body }) => {
      const field = ['presence_penalty', 'frequency_penalty'].find((name) => body[name] !== undefined)
      return field && /^grok-4/.test(model) ? `Argument not supported on this model: ${field}` : undefined
    },
    ...{ source: 'NativeTavern#83; lobehub/lobe-chat#8381', date: '2026-09', sure: 'high' },
    example: { breaks: hi('grok-4', { presence_penalty: 0 }), mends: { presence_penalty: undefined } },
  },
  {
    id: 'xai/stop',
    refuses: 'stop on models that reason.',
    check: ({ model, body: { stop } }) =>
      stop !== undefined && /^grok-(4|3-mini)/.test(model) && !/non-reasoning/.test(model)
        ? 'Argument not supported on this model: stop'
        : undefined,
    ...{ source: 'mnfst/modelparams.dev#330; vercel/ai', date: '2026-08', sure: 'high' },
    example: { breaks: hi('grok-4', { stop: ['x'] }), mends: { stop: undefined } },
  },
]
