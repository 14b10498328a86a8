// Rules of the Anthropic Messages API about headers and options of a request.
import type { Json, Rule } from '../rule.js'
import { unknownKey } from '../rule.js'
import { claudeFamily } from './claude-models.js'

const hi = { model: 'claude-sonnet-4-5', max_tokens: 1000, messages: [{ role: 'user', content: 'Hi.' }] }
const on = (model: string, more: Json): Json => ({ ...hi, model, ...more })
const tools = [{ name: 'look', input_schema: { type: 'object', properties: {} } }]

const fields = new Set([
  ...[
    'model',
    'messages',
    'max_tokens',
    'system',
    'metadata',
    'stop_sequences',
    'stream',
    'temperature',
    'top_k',
  ],
  ...[
    'top_p',
    'thinking',
    'tools',
    'tool_choice',
    'service_tier',
    'output_config',
    'container',
    'cache_control',
  ],
  ...['context_management', 'mcp_servers', 'speed', 'inference_geo', 'fallbacks', 'output_format'],
])
const thinks = ({ thinking }: Json): boolean => thinking !== undefined && thinking.type !== 'disabled'
const skill = 'anthropics/skills model-migration.md and error-codes.md'

export const anthropicOptions: readonly Rule[] = [
  {
    id: 'anthropic/version-header',
    refuses: 'A request without the header anthropic-version, or with an unknown value.',
    check: ({ headers: { 'anthropic-version': version } }) => {
      if (version === undefined) return 'anthropic-version: header is required'
      return ['2023-01-01', '2023-06-01', '2026-10-21'].includes(version)
        ? undefined
        : `anthropic-version: "${version}" is not a valid version`
    },
    ...{ source: 'platform.claude.com/docs/en/api/versioning', date: '2026-10', sure: 'high' },
    example: { breaks: hi, mends: {}, headers: { 'anthropic-version': '2025-01-01' }, mendsHeaders: {} },
  },
  {
    id: 'anthropic/auth',
    refuses: 'A request with neither x-api-key nor a bearer token.',
    check: ({ headers }) =>
      headers['x-api-key'] || headers.authorization
        ? undefined
        : { status: 401, message: 'x-api-key header is required' },
    ...{ source: 'anthropics/skills error-codes.md', date: '2026-07', sure: 'medium' },
    example: { breaks: hi, mends: {}, headers: { 'x-api-key': '' }, mendsHeaders: {} },
  },
  {
    id: 'anthropic/required-fields',
    refuses: 'A request without model, max_tokens or messages, or with an empty list of messages.',
    check: ({ path, body }) => {
      const required = path.includes('count_tokens')
        ? ['model', 'messages']
        : ['model', 'max_tokens', 'messages']
      const missing = required.find((name) => body[name] === undefined)
      if (missing !== undefined) return `${missing}: Field required`
      return Array.isArray(body.messages) && body.messages.length === 0
        ? 'messages: at least one message is required'
        : undefined
    },
    ...{ source: 'anthropics/skills error-codes.md', date: '2026-07', sure: 'high' },
    example: { breaks: { ...hi, max_tokens: undefined }, mends: { max_tokens: 10 } },
  },
  {
    id: 'anthropic/unknown-fields',
    refuses: 'A field that the API does not know: response_format, seed, n, stop, user …',
    check: ({ body }) => {
      const field = unknownKey(body, fields)
      return field && `${field}: Extra inputs are not permitted`
    },
    ...{
      source: 'amrit110/oli#7; Wei-Shaw/sub2api#225; router-for-me/CLIProxyAPI#714',
      date: '2026-08',
      sure: 'high',
    },
    example: { breaks: { ...hi, seed: 1 }, mends: { seed: undefined } },
  },
  {
    id: 'anthropic/count-tokens-fields',
    refuses: 'max_tokens, stream, metadata, stop_sequences or sampling in a request to count tokens.',
    check: ({ path, body }) => {
      if (!path.includes('count_tokens')) return
      const extra = ['max_tokens', 'stream', 'metadata', 'stop_sequences', 'temperature', 'top_p', 'top_k']
      const field = extra.find((name) => body[name] !== undefined)
      return field && `${field}: Extra inputs are not permitted`
    },
    ...{ source: 'anthropic-sdk-typescript MessageCountTokensParams', date: '2026-08', sure: 'high' },
    example: { breaks: { ...hi, path: '/v1/messages/count_tokens' }, mends: { max_tokens: undefined } },
  },
  {
    id: 'anthropic/max-tokens',
    refuses: 'max_tokens below 0 or over the limit of the model.',
    check: ({ model, body: { max_tokens: most } }) => {
      const { maxTokens } = claudeFamily(model)
      if (most < 0) return 'max_tokens: must be greater than or equal to 0'
      return most > maxTokens
        ? `max_tokens: ${most} > ${maxTokens}, which is the maximum allowed number of output tokens for ${model}`
        : undefined
    },
    ...{
      source: 'goruck/home-generative-agent v3.45.1; vercel/ai packages/anthropic',
      date: '2026-11',
      sure: 'high',
    },
    example: { breaks: on('claude-sonnet-4-5', { max_tokens: 128_000 }), mends: { max_tokens: 64_000 } },
  },
  {
    id: 'anthropic/sampling-removed',
    refuses: 'temperature, top_p or top_k under version 2026-10-21, and on Opus 4.7 and later models.',
    check: ({ model, body, headers }) => {
      const isNew = headers['anthropic-version'] === '2026-10-21'
      const field = ['temperature', 'top_p', 'top_k'].find((name) => body[name] !== undefined)
      if (field === undefined || (!isNew && claudeFamily(model).sampling !== 'none')) return
      return isNew ? `${field}: Extra inputs are not permitted` : `\`${field}\` is deprecated for this model.`
    },
    ...{
      source: 'platform.claude.com/docs/en/api/migration-2026-10-21; Comfy-Org/ComfyUI#13923',
      date: '2026-10',
      sure: 'high',
    },
    example: { breaks: on('claude-opus-5', { temperature: 0.5 }), mends: { temperature: undefined } },
  },
  {
    id: 'anthropic/temperature-and-top-p',
    refuses: 'temperature and top_p together, on models from 4 to 4.6.',
    check: ({ model, body }) =>
      claudeFamily(model).sampling === 'one' && body.temperature !== undefined && body.top_p !== undefined
        ? '`temperature` and `top_p` cannot both be specified for this model. Please use only one.'
        : undefined,
    ...{
      source: 'cloud-apim/otoroshi-llm-extension#140; infiniflow/ragflow#11815',
      date: '2026-07',
      sure: 'high',
    },
    example: { breaks: { ...hi, temperature: 0.5, top_p: 0.9 }, mends: { top_p: undefined } },
  },
  {
    id: 'anthropic/temperature-range',
    refuses: 'A temperature below 0 or over 1.',
    check: ({ body: { temperature } }) =>
      temperature < 0 || temperature > 1 ? 'temperature: range: 0..1' : undefined,
    ...{ source: 'anthropics/skills error-codes.md', date: '2026-07', sure: 'high' },
    example: { breaks: { ...hi, temperature: 1.5 }, mends: { temperature: 1 } },
  },
  {
    id: 'anthropic/sampling-with-thinking',
    refuses: 'With thinking: a temperature other than 1, any top_k, and a top_p below 0.95.',
    check: ({ body }) => {
      if (!thinks(body)) return
      if (body.temperature !== undefined && body.temperature !== 1)
        return '`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.'
      if (body.top_k !== undefined) return '`top_k` must be unset when thinking is enabled.'
      return body.top_p < 0.95
        ? '`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.'
        : undefined
    },
    ...{
      source: 'MayDay-wpf/snow-app#42; quarkiverse/quarkus-langchain4j#1812; Kiln-AI/Kiln#1479',
      date: '2026-08',
      sure: 'high',
    },
    example: {
      breaks: { ...hi, max_tokens: 3000, thinking: { type: 'enabled', budget_tokens: 2000 }, temperature: 0 },
      mends: { temperature: 1 },
    },
  },
  {
    id: 'anthropic/metadata',
    refuses: 'metadata with anything but user_id, a string of at most 256 characters or null.',
    check: ({ body: { metadata = {} } }) => {
      const extra = unknownKey(metadata, new Set(['user_id']))
      if (extra) return `metadata.${extra}: Extra inputs are not permitted`
      return metadata.user_id?.length > 256
        ? 'metadata.user_id: String should have at most 256 characters'
        : undefined
    },
    ...{ source: 'anthropic-sdk-typescript messages.ts', date: '2026-08', sure: 'medium' },
    example: { breaks: { ...hi, metadata: { trace: 'x' } }, mends: { metadata: { user_id: 'x' } } },
  },
  {
    id: 'anthropic/service-tier',
    refuses: 'A service_tier other than auto and standard_only.',
    check: ({ body: { service_tier: tier = 'auto' } }) =>
      ['auto', 'standard_only'].includes(tier)
        ? undefined
        : "service_tier: Input should be 'auto' or 'standard_only'",
    ...{ source: 'anthropic-sdk-typescript messages.ts', date: '2026-08', sure: 'high' },
    example: { breaks: { ...hi, service_tier: 'flex' }, mends: { service_tier: 'auto' } },
  },
  {
    id: 'anthropic/thinking-type',
    refuses:
      'A thinking type that the model does not have: enabled from 4.7 on, adaptive up to 4.5, disabled on Opus 5.5, Sonnet 5.5, Fable and Mythos.',
    check: ({ model, body: { thinking } }) =>
      thinking === undefined || claudeFamily(model).thinking.includes(thinking.type)
        ? undefined
        : `"thinking.type.${thinking.type}" is not supported for this model.`,
    ...{
      source: 'platform.claude.com docs thinking-troubleshooting, whats-new-opus-5-5; hermes-agent#11137',
      date: '2026-11',
      sure: 'high',
    },
    example: {
      breaks: on('claude-opus-4-7', { max_tokens: 3000, thinking: { type: 'enabled', budget_tokens: 2000 } }),
      mends: { thinking: { type: 'adaptive' } },
    },
  },
  {
    id: 'anthropic/disabled-at-high-effort',
    refuses: 'Thinking disabled on Opus 5, or between_tools on Sonnet 5.5, with effort xhigh or max.',
    check: ({ model, body: { thinking, output_config: config } }) =>
      /^claude-(opus-5|sonnet-5-5)/.test(model) &&
      ['disabled', 'between_tools'].includes(thinking?.type) &&
      ['xhigh', 'max'].includes(config?.effort)
        ? `"thinking.type.${thinking.type}" is not supported with effort "${config.effort}".`
        : undefined,
    ...{
      source: 'platform.claude.com docs whats-new-opus-5-5, whats-new-sonnet-5-5',
      date: '2026-09',
      sure: 'high',
    },
    example: {
      breaks: on('claude-opus-5', { thinking: { type: 'disabled' }, output_config: { effort: 'max' } }),
      mends: { output_config: { effort: 'high' } },
    },
  },
  {
    id: 'anthropic/thinking-budget',
    refuses: 'budget_tokens below 1024, or not below max_tokens.',
    check: ({ body: { thinking, max_tokens: most } }) => {
      if (thinking?.type !== 'enabled') return
      if (!(thinking.budget_tokens >= 1024))
        return 'thinking.enabled.budget_tokens: Input should be greater than or equal to 1024'
      return thinking.budget_tokens >= most
        ? '`max_tokens` must be greater than `thinking.budget_tokens`.'
        : undefined
    },
    ...{
      source: 'anthropic-sdk-typescript messages.ts; anthropics/skills error-codes.md',
      date: '2026-08',
      sure: 'high',
    },
    example: {
      breaks: { ...hi, thinking: { type: 'enabled', budget_tokens: 2000 } },
      mends: { max_tokens: 3000 },
    },
  },
  {
    id: 'anthropic/effort',
    refuses: 'An effort that the model does not have.',
    check: ({ model, body: { output_config: config } }) =>
      config?.effort === undefined || claudeFamily(model).effort.includes(config.effort)
        ? undefined
        : `output_config.effort: "${config.effort}" is not supported for this model.`,
    ...{
      source: 'platform.claude.com docs effort; vercel/ai supportsXhighEffort',
      date: '2026-11',
      sure: 'high',
    },
    example: {
      breaks: { ...hi, output_config: { effort: 'max' } },
      mends: { output_config: { effort: 'high' } },
    },
  },
  {
    id: 'anthropic/forced-tools',
    refuses:
      'tool_choice any or tool: always on Fable, Mythos, Opus 5.5 and Sonnet 5.5, with thinking up to Opus 4.7.',
    check: ({ model, body }) => {
      const { forcedTools } = claudeFamily(model)
      if (!['any', 'tool'].includes(body.tool_choice?.type) || forcedTools === 'always') return
      if (forcedTools === 'never') return 'tool_choice forces tool use is not compatible with this model'
      return thinks(body) ? 'Thinking may not be enabled when tool_choice forces tool use.' : undefined
    },
    ...{
      source: `platform.claude.com docs whats-new-opus-5-5; pydantic/pydantic-ai#2487; ${skill}`,
      date: '2026-09',
      sure: 'high',
    },
    example: {
      breaks: on('claude-opus-5-5', { tools, tool_choice: { type: 'any' } }),
      mends: { tool_choice: { type: 'auto' } },
    },
  },
]
