// Rules of DeepSeek, Moonshot and Gemini about thinking that must come back, in Chat Completions.
import { first, type Json, listOf, type Rule } from '../rule.js'

const user = (content: string): Json => ({ role: 'user', content })
const call = (more: Json = {}): Json => ({
  id: 'call_1',
  type: 'function',
  function: { name: 'look', arguments: '{}' },
  ...more,
})
const calls = (more: Json = {}, own: Json = {}): Json => ({
  role: 'assistant',
  content: '',
  tool_calls: [call(own)],
  ...more,
})
const result = (id = 'call_1'): Json => ({ role: 'tool', tool_call_id: id, name: 'look', content: 'Seen.' })
const chat = (model: string, ...messages: Json[]): Json => ({ model, messages })
const tools = [
  { type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } },
]
const forced = ({ tool_choice: choice }: Json): boolean => choice === 'required' || typeof choice === 'object'

const deepseekThinks = (model: string, { thinking }: Json): boolean =>
  /v4|^deepseek-(flash|pro|reasoner)/.test(model) && thinking?.type !== 'disabled'
const kimiThinks = (model: string, { thinking }: Json): boolean =>
  /k2\.[5-9]|^kimi-k3|thinking/.test(model) && thinking?.type !== 'disabled'

const withoutThinking = (body: Json): number =>
  listOf(body.messages).findIndex(
    ({ role, tool_calls: own, reasoning_content: text }) =>
      role === 'assistant' && listOf(own).length > 0 && typeof text !== 'string',
  )

export const deepseek: readonly Rule[] = [
  {
    id: 'deepseek/reasoning-content',
    refuses:
      'A message with tool calls and without reasoning_content, on V4 models with thinking (the default).',
    check: ({ model, body }) =>
      deepseekThinks(model, body) && withoutThinking(body) >= 0
        ? 'The `reasoning_content` in the thinking mode must be passed back to the API.'
        : undefined,
    ...{
      source: 'LibreChat#12836; hass_local_openai_llm#72; vercel/ai deepseek converter',
      date: '2026-08',
      sure: 'high',
    },
    example: {
      breaks: chat('deepseek-v4-pro', user('Look.'), calls(), result()),
      mends: chat('deepseek-v4-pro', user('Look.'), calls({ reasoning_content: 'Hm.' }), result()),
    },
  },
  {
    id: 'deepseek/forced-tools',
    refuses: 'A forced tool_choice on V4 models with thinking (the default).',
    check: ({ model, body }) =>
      deepseekThinks(model, body) && forced(body)
        ? 'Thinking mode does not support this tool_choice'
        : undefined,
    ...{ source: 'deepseek-ai/DeepSeek-V3#1376; BerriAI/litellm#37470', date: '2026-09', sure: 'high' },
    example: {
      breaks: { ...chat('deepseek-v4-pro', user('Look.')), tools, tool_choice: 'required' },
      mends: { thinking: { type: 'disabled' } },
    },
  },
  {
    id: 'deepseek/retired-names',
    refuses: 'The names deepseek-chat and deepseek-reasoner, retired on 2026-07-24.',
    check: ({ model }) =>
      ['deepseek-chat', 'deepseek-reasoner'].includes(model) ? 'Model Not Exist' : undefined,
    ...{ source: 'hass_local_openai_llm#72', date: '2026-05', sure: 'medium' },
    example: { breaks: chat('deepseek-chat', user('Hi.')), mends: { model: 'deepseek-v4-flash' } },
  },
]

export const moonshot: readonly Rule[] = [
  {
    id: 'moonshot/reasoning-content',
    refuses: 'A message with tool calls and without reasoning_content, on K2.5 and later with thinking.',
    check: ({ model, body }) => {
      const index = withoutThinking(body)
      return kimiThinks(model, body) && index >= 0
        ? `thinking is enabled but reasoning_content is missing in assistant tool call message at index ${index}`
        : undefined
    },
    ...{ source: 'continuedev/continue#11600', date: '2026-03', sure: 'high' },
    example: {
      breaks: chat('kimi-k2.5', user('Look.'), calls(), result()),
      mends: chat('kimi-k2.5', user('Look.'), calls({ reasoning_content: 'Hm.' }), result()),
    },
  },
  {
    id: 'moonshot/forced-tools',
    refuses: 'A forced tool_choice on K2.5 and later with thinking (K3 takes required).',
    check: ({ model, body }) =>
      kimiThinks(model, body) &&
      forced(body) &&
      !(model.startsWith('kimi-k3') && body.tool_choice === 'required')
        ? "tool_choice 'specified' is incompatible with thinking enabled"
        : undefined,
    ...{ source: 'oh-my-pi#1077', date: '2026-05', sure: 'high' },
    example: {
      breaks: { ...chat('kimi-k2.5', user('Look.')), tools, tool_choice: 'required' },
      mends: { tool_choice: 'auto' },
    },
  },
  {
    id: 'moonshot/thinking',
    refuses: 'thinking that is not an object, or comes with reasoning_effort.',
    check: ({ body: { thinking, reasoning_effort: effort } }) => {
      if (thinking === undefined) return
      if (typeof thinking !== 'object')
        return `the thinking field in the request (expected type object) is illegal, and ${typeof thinking} is not acceptable`
      return effort === undefined ? undefined : "cannot specify both 'thinking' and 'reasoning_effort'"
    },
    ...{ source: 'TeXRA#1905; nanobot#3939', date: '2026-05', sure: 'high' },
    example: {
      breaks: { ...chat('kimi-k2.5', user('Hi.')), thinking: true },
      mends: { thinking: { type: 'enabled' } },
    },
  },
  {
    id: 'moonshot/stop',
    refuses: 'More than five stop sequences, or one of more than 32 bytes.',
    check: ({ body: { stop } }) => {
      const all = stop === undefined || stop === null ? [] : [stop].flat()
      return all.length > 5 || all.some((one) => Buffer.byteLength(String(one)) > 32)
        ? 'stop is invalid'
        : undefined
    },
    ...{ source: 'mnfst/modelparams.dev catalogue (Moonshot docs)', date: '2026-08', sure: 'medium' },
    example: {
      breaks: { ...chat('kimi-k2.5', user('Hi.')), stop: ['x'.repeat(33)] },
      mends: { stop: ['x'] },
    },
  },
]

/** What Moonshot's form of JSON Schema does not take, with its path. */
function mfjsProblem(schema: unknown, path: string): string | undefined {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return undefined
  const node: Json = schema
  if ('anyOf' in node && 'type' in node)
    return `At path '${path || 'root'}': when using anyOf, type should be defined in anyOf items instead of the parent schema`
  if (!['type', 'anyOf', 'oneOf', 'allOf', '$ref'].some((name) => name in node))
    return `At path '${path || 'root'}': type is not defined`
  if (Array.isArray(node.items)) return `At path '${path || 'root'}': items must be a schema`
  const inner: [string, unknown][] = [
    ...Object.entries(node.properties ?? {}).map(([key, one]): [string, unknown] => [
      `properties.${key}`,
      one,
    ]),
    ...listOf(node.anyOf).map((one): [string, unknown] => ['anyOf', one]),
    ...(node.items === undefined ? [] : [['items', node.items] as [string, unknown]]),
  ]
  return first(inner, ([name, one]) => mfjsProblem(one, path === '' ? name : `${path}.${name}`))
}

export const moonshotSchemas: readonly Rule[] = [
  {
    id: 'moonshot/tool-schema',
    refuses:
      'Schemas of tools with a part that has no type, with type beside anyOf, or with a list of items.',
    check: ({ body }) =>
      first(listOf(body.tools), ({ function: own }) => {
        const details = mfjsProblem(own?.parameters, '')
        return (
          details &&
          `tools.function.parameters is not a valid moonshot flavored json schema, details: <${details}>`
        )
      }),
    ...{
      source: 'MoonshotAI/kimi-cli#1595; Hmbown/Codewhale#2438; vercel/ai normalize-json-schema-for-mfjs',
      date: '2026-09',
      sure: 'high',
    },
    example: {
      breaks: {
        ...chat('kimi-k2.5', user('Hi.')),
        tools: [
          {
            type: 'function',
            function: { name: 'look', parameters: { type: 'object', properties: { any: { title: 'Any' } } } },
          },
        ],
      },
      mends: { tools },
    },
  },
]

const signature = { extra_content: { google: { thought_signature: 'c2ln' } } }

export const gemini: readonly Rule[] = [
  {
    id: 'gemini/thought-signature',
    refuses: 'Tool calls of the current turn without their thought signature, on Gemini 3 and later.',
    check: ({ model, body }) => {
      if (!/gemini-([3-9]|\d\d)/.test(model)) return
      const messages = listOf(body.messages)
      const turn = messages.findLastIndex(({ role }) => role === 'user')
      return first(messages.slice(turn + 1), ({ tool_calls: own }) => {
        const [leading] = listOf(own)
        return leading === undefined || leading.extra_content?.google?.thought_signature
          ? undefined
          : `Function call is missing a thought_signature in functionCall parts. Function call \`default_api:${leading.function?.name}\`, position 1.`
      })
    },
    ...{ source: 'JetBrains/koog#1148; block/goose#5829', date: '2026-09', sure: 'high' },
    example: {
      breaks: chat('gemini-3-pro', user('Look.'), calls(), result()),
      mends: chat('gemini-3-pro', user('Look.'), calls({}, signature), result()),
    },
  },
  {
    id: 'gemini/unknown-fields',
    refuses: 'frequency_penalty, presence_penalty, store and logit_bias.',
    check: ({ body }) => {
      const field = ['frequency_penalty', 'presence_penalty', 'store', 'logit_bias'].find(
        (name) => body[name] !== undefined,
      )
      return field && `Invalid JSON payload received. Unknown name "${field}": Cannot find field.`
    },
    ...{ source: 'n4ze3m/page-assist#418; RSSBox#132; RPGBox#2', date: '2026-08', sure: 'high' },
    example: {
      breaks: { ...chat('gemini-2.5-flash', user('Hi.')), frequency_penalty: 1 },
      mends: { frequency_penalty: undefined },
    },
  },
  {
    id: 'gemini/logprobs',
    refuses: 'logprobs.',
    check: ({ model, body }) => body.logprobs && `Logprobs is not enabled for models/${model}`,
    ...{
      source: 'mscraftsman/generative-ai#135; GoogleCloudPlatform/generative-ai#2947',
      date: '2026-06',
      sure: 'high',
    },
    example: {
      breaks: { ...chat('gemini-2.5-flash', user('Hi.')), logprobs: true },
      mends: { logprobs: undefined },
    },
  },
  {
    id: 'gemini/effort',
    refuses: 'reasoning_effort none on Gemini 3 and 2.5 Pro, and minimal on Gemini 2.5.',
    check: ({ model, body: { reasoning_effort: effort } }) =>
      (effort === 'none' && /gemini-([3-9]|2\.5-pro)/.test(model)) ||
      (effort === 'minimal' && /gemini-2\.5/.test(model))
        ? 'Request contains an invalid argument.'
        : undefined,
    ...{
      source: 'HKUDS/DeepTutor#734 quoting ai.google.dev; versun/RSSBox#132',
      date: '2026-08',
      sure: 'high',
    },
    example: {
      breaks: { ...chat('gemini-3-pro', user('Hi.')), reasoning_effort: 'none' },
      mends: { reasoning_effort: 'low' },
    },
  },
  {
    id: 'gemini/call-count',
    refuses: 'Another number of results than of calls.',
    check: ({ body }) => {
      const messages = listOf(body.messages)
      return first(messages, ({ tool_calls: own }, index) => {
        const wanted = listOf(own).length
        const rest = messages.slice(index + 1)
        const next = rest.findIndex(({ role }) => role !== 'tool')
        const count = next < 0 ? rest.length : next
        return wanted > 0 && count !== wanted
          ? 'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.'
          : undefined
      })
    },
    ...{ source: 'microsoft/vscode#299295; cloudwego/eino-ext#571', date: '2026-03', sure: 'high' },
    example: {
      breaks: chat('gemini-2.5-flash', user('Look.'), calls(), user('Well?')),
      mends: chat('gemini-2.5-flash', user('Look.'), calls(), result(), user('Well?')),
    },
  },
  {
    id: 'gemini/call-name',
    refuses: 'A tool call without a name.',
    check: ({ body }) =>
      listOf(body.messages).some(({ tool_calls: own }) => listOf(own).some((one) => !one.function?.name))
        ? 'function_call.name: Name cannot be empty.'
        : undefined,
    ...{ source: 'smallmain/vscode-unify-chat-provider#48', date: '2026-03', sure: 'high' },
    example: {
      breaks: chat(
        'gemini-2.5-flash',
        user('Look.'),
        calls({}, { function: { name: '', arguments: '{}' } }),
        result(),
      ),
      mends: chat('gemini-2.5-flash', user('Look.'), calls(), result()),
    },
  },
]
