// Rules of OpenAI's Responses API.
import { first, type Json, listOf, type Rule, type ServiceRequest, topProblem } from '../rule.js'
import { effortProblem, rangeProblem, samplingProblem } from './openai-chat.js'
import { openaiFamily } from './openai-models.js'

const user = { role: 'user', content: 'Hi.' }
const hi = { model: 'gpt-4o', input: [user] }
const of = (...input: Json[]): Json => ({ ...hi, input })
const call = (id = 'call_1', more: Json = {}): Json => ({
  type: 'function_call',
  call_id: id,
  name: 'look',
  arguments: '{}',
  ...more,
})
const output = (id = 'call_1'): Json => ({ type: 'function_call_output', call_id: id, output: 'Seen.' })
/** The fields that the service's own tools need; one of each list. */
const serverToolNeeds: Record<string, readonly (readonly string[])[]> = {
  file_search: [['vector_store_ids']],
  code_interpreter: [['container']],
  mcp: [['server_label'], ['server_url', 'connector_id', 'tunnel_id']],
}
const tool = { type: 'function', name: 'look', parameters: { type: 'object', properties: {} }, strict: false }
const thought = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'c2ln' }
const answer = {
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  content: [{ type: 'output_text', text: 'Hi.' }],
}

const items = ({ body: { input } }: ServiceRequest): Json[] => listOf(input)
/** Fields of Chat Completions that the Responses API does not know. */
const foreign = [
  ...[
    'messages',
    'max_tokens',
    'max_completion_tokens',
    'stop',
    'seed',
    'frequency_penalty',
    'presence_penalty',
  ],
  ...['logit_bias', 'n', 'response_format', 'reasoning_effort', 'functions', 'function_call'],
]
const prefixes: Record<string, string> = { function_call: 'fc', reasoning: 'rs', message: 'msg' }

export const openaiResponses: readonly Rule[] = [
  {
    id: 'openai-responses/unknown-fields',
    refuses:
      'Fields of Chat Completions: messages, max_tokens, stop, seed, penalties, n, response_format, reasoning_effort.',
    check: ({ body }) => {
      const param = foreign.find((name) => body[name] !== undefined)
      return param && { message: `Unknown parameter: '${param}'.`, param, code: 'unknown_parameter' }
    },
    ...{
      source: 'openai/openai-openapi CreateResponse; vercel/ai responses warnings',
      date: '2026-08',
      sure: 'high',
    },
    example: { breaks: { ...hi, stop: ['x'] }, mends: { stop: undefined } },
  },
  {
    id: 'openai-responses/max-output-tokens',
    refuses: 'max_output_tokens below 16.',
    check: ({ body: { max_output_tokens: most } }) =>
      typeof most === 'number' && most < 16
        ? {
            message: `Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got ${most} instead.`,
            param: 'max_output_tokens',
            code: 'integer_below_min_value',
          }
        : undefined,
    ...{ source: 'openai/openai-openapi CreateResponse', date: '2026-08', sure: 'high' },
    example: { breaks: { ...hi, max_output_tokens: 5 }, mends: { max_output_tokens: 16 } },
  },
  {
    id: 'openai-responses/sampling',
    refuses:
      'temperature and top_p on models that reason, except with an effort of none on gpt-5.1 and later.',
    check: (request) => samplingProblem(request, request.body.reasoning?.effort),
    ...{ source: 'sourcebot#454; vercel/ai openai capabilities', date: '2026-11', sure: 'high' },
    example: { breaks: { ...hi, model: 'gpt-5', temperature: 0.5 }, mends: { temperature: undefined } },
  },
  {
    id: 'openai-responses/ranges',
    refuses: 'temperature outside 0 to 2, top_p outside 0 to 1, top_logprobs outside 0 to 20.',
    check: ({ body }) => rangeProblem(body),
    ...{ source: 'openai/openai-openapi CreateResponse', date: '2026-08', sure: 'high' },
    example: { breaks: { ...hi, top_p: 1.5 }, mends: { top_p: 1 } },
  },
  {
    id: 'openai-responses/effort',
    refuses: 'A reasoning effort that the model does not have.',
    check: ({ model, body }) => effortProblem(model, body.reasoning?.effort, 'reasoning.effort', 'responses'),
    ...{
      source: 'anomalyco/opencode#36141; livekit/agents#7169; vercel/ai',
      date: '2026-09',
      sure: 'medium',
    },
    example: { breaks: { ...hi, reasoning: { effort: 'low' } }, mends: { reasoning: undefined } },
  },
  {
    id: 'openai-responses/reasoning-fields',
    refuses: 'reasoning.exclude, reasoning.enabled and reasoning.max_tokens, which are of OpenRouter.',
    check: ({ body: { reasoning = {} } }) => {
      const field = ['exclude', 'enabled', 'max_tokens'].find((name) => reasoning?.[name] !== undefined)
      return (
        field && {
          message: `Unknown parameter: 'reasoning.${field}'.`,
          param: `reasoning.${field}`,
          code: 'unknown_parameter',
        }
      )
    },
    ...{ source: 'aula-id/koma#48', date: '2026-07', sure: 'high' },
    example: {
      breaks: { ...hi, model: 'gpt-5', reasoning: { exclude: true } },
      mends: { reasoning: { effort: 'low' } },
    },
  },
  {
    id: 'openai-responses/encrypted-content',
    refuses: 'include: reasoning.encrypted_content on models that do not reason.',
    check: ({ model, body }) =>
      Array.isArray(body.include) &&
      body.include.includes('reasoning.encrypted_content') &&
      openaiFamily(model).effort.length === 0
        ? { message: 'Encrypted content is not supported with this model.', param: 'include' }
        : undefined,
    ...{ source: 'pydantic/pydantic-ai#2865, #3326; draive#399', date: '2025-11', sure: 'high' },
    example: { breaks: { ...hi, include: ['reasoning.encrypted_content'] }, mends: { model: 'gpt-5' } },
  },
  {
    id: 'openai-responses/item-ids',
    refuses: 'Item ids with another prefix than fc_ for calls, rs_ for reasoning and msg_ for messages.',
    check: (request) =>
      first(items(request), ({ type = 'message', id }, index) => {
        const prefix = prefixes[type]
        return id === undefined || prefix === undefined || String(id).startsWith(prefix)
          ? undefined
          : {
              message: `Invalid 'input[${index}].id': '${id}'. Expected an ID that begins with '${prefix}'.`,
              param: `input[${index}].id`,
              code: 'invalid_value',
            }
      }),
    ...{ source: 'nodetool#4252', date: '2026-07', sure: 'high' },
    example: {
      breaks: of(user, call('call_1', { id: 'call_1' }), output()),
      mends: of(user, call(), output()),
    },
  },
  {
    id: 'openai-responses/call-id-length',
    refuses: 'A call_id of more than 64 characters.',
    check: (request) =>
      first(items(request), ({ call_id: id }, index) =>
        typeof id === 'string' && (id.length > 64 || id === '')
          ? {
              message: `Invalid 'input[${index}].call_id': string too long. Expected a string with maximum length 64, but got a string with length ${id.length} instead.`,
              param: `input[${index}].call_id`,
              code: 'string_above_max_length',
            }
          : undefined,
      ),
    ...{ source: '9router#393; OmniRoute#4317; openai/openai-openapi', date: '2026-08', sure: 'high' },
    example: {
      breaks: of(user, call('x'.repeat(65)), output('x'.repeat(65))),
      mends: of(user, call(), output()),
    },
  },
  {
    id: 'openai-responses/answered-calls',
    refuses: 'A function_call without its function_call_output, and an output without its call.',
    check: (request) => {
      if (request.body.previous_response_id) return
      const ids = (type: string) =>
        items(request).flatMap((item) => (item.type === type ? [item.call_id] : []))
      const [calls, outputs] = [ids('function_call'), ids('function_call_output')]
      const open = calls.find((id) => !outputs.includes(id))
      if (open !== undefined)
        return { message: `No tool output found for function call ${open}.`, param: 'input' }
      const lone = outputs.find((id) => !calls.includes(id))
      return (
        lone && {
          message: `No tool call found for function call output with call_id ${lone}.`,
          param: 'input',
        }
      )
    },
    ...{ source: 'GhidrAssist#78; continuedev/continue#10092; oh-my-pi#106', date: '2026-08', sure: 'high' },
    example: { breaks: of(user, call()), mends: of(user, call(), output()) },
  },
  {
    id: 'openai-responses/reasoning-followed',
    refuses: 'A reasoning item that is not followed by what it led to, a message or a call.',
    check: (request) => {
      const all = items(request)
      return first(all, ({ type, id }, index) => {
        if (type !== 'reasoning') return
        const { type: next = 'message', role } = all[index + 1] ?? { type: '' }
        const fits =
          next === 'reasoning' || /_call$/.test(next) || (next === 'message' && role === 'assistant')
        return fits
          ? undefined
          : {
              message: `Item '${id}' of type 'reasoning' was provided without its required following item.`,
              param: 'input',
            }
      })
    },
    ...{
      source: 'openai/openai-node#1567; openai/openai-agents-python#1660; pydantic-ai#2861',
      date: '2026-02',
      sure: 'high',
    },
    example: {
      breaks: { ...of(user, thought, user), model: 'gpt-5' },
      mends: { input: [user, thought, answer, user] },
    },
  },
  {
    id: 'openai-responses/item-with-reasoning',
    refuses:
      'The id of a message or call of a reasoning model that comes back without the reasoning item before it.',
    check: (request) => {
      if (openaiFamily(request.model).effort.length === 0) return
      const all = items(request)
      return first(all, ({ type = 'message', id, role }, index) => {
        const isOwn =
          id !== undefined && (type === 'function_call' || (type === 'message' && role === 'assistant'))
        const before = all.slice(0, index).findLast((item) => item.type !== 'function_call')
        const turn = before?.type === 'reasoning' || (before?.role === 'assistant' && before.id !== undefined)
        return isOwn && !turn
          ? {
              message: `Item '${id}' of type '${type}' was provided without its required 'reasoning' item.`,
              param: 'input',
            }
          : undefined
      })
    },
    ...{ source: 'continuedev/continue#11994, #11466', date: '2026-04', sure: 'high' },
    example: {
      breaks: { ...of(user, answer, user), model: 'gpt-5' },
      mends: { input: [user, thought, answer, user] },
    },
  },
  {
    id: 'openai-responses/roles',
    refuses: 'Messages with other roles than user, assistant, system and developer.',
    check: (request) =>
      first(items(request), ({ type = 'message', role }, index) =>
        type === 'message' && !['user', 'assistant', 'system', 'developer'].includes(role)
          ? {
              message: `Invalid value: '${role}'. Supported values are: 'assistant', 'system', 'developer', and 'user'.`,
              param: `input[${index}].role`,
              code: 'invalid_value',
            }
          : undefined,
      ),
    ...{ source: 'openai/openai-openapi EasyInputMessage', date: '2026-08', sure: 'high' },
    example: { breaks: of(user, { role: 'tool', content: 'x' }), mends: of(user) },
  },
  {
    id: 'openai-responses/tool-shape',
    refuses:
      'Function tools in the nested form of Chat Completions, and names of more than 128 letters, digits, _ and -.',
    check: ({ body }) =>
      first(listOf(body.tools), ({ type, name }, index) => {
        if (type !== 'function') return
        const param = `tools[${index}].name`
        if (typeof name !== 'string')
          return {
            message: `Missing required parameter: '${param}'.`,
            param,
            code: 'missing_required_parameter',
          }
        return /^[a-zA-Z0-9_-]{1,128}$/.test(name)
          ? undefined
          : { message: `Invalid '${param}': string does not match pattern.`, param, code: 'invalid_value' }
      }),
    ...{ source: 'openai/openai-openapi FunctionTool', date: '2026-08', sure: 'high' },
    example: {
      breaks: { ...hi, tools: [{ type: 'function', function: { name: 'look' } }] },
      mends: { tools: [tool] },
    },
  },
  {
    id: 'openai-responses/server-tools',
    refuses:
      'Its own tools without what they need: stores of file_search, a container of code_interpreter, a server of mcp.',
    check: ({ body }) =>
      first(listOf(body.tools), (tool, index) => {
        const missing = serverToolNeeds[String(tool.type)]?.find((names) =>
          names.every((name) => tool[name] === undefined),
        )
        if (missing === undefined) return
        const param = `tools[${index}].${missing[0]}`
        return {
          message: `Missing required parameter: '${param}'.`,
          param,
          code: 'missing_required_parameter',
        }
      }),
    ...{
      source: 'openai/openai-openapi FileSearchTool, CodeInterpreterTool, MCPTool; types of openai 6.49.0',
      date: '2026-11',
      sure: 'high',
    },
    example: {
      breaks: { ...hi, tools: [{ type: 'mcp', server_label: 'wiki' }] },
      mends: { tools: [{ type: 'mcp', server_label: 'wiki', server_url: 'https://wiki.example/mcp' }] },
    },
  },
  {
    id: 'openai-responses/tool-schema',
    refuses:
      'Schemas of functions that are not of type object, or have oneOf, anyOf, allOf, enum or not at the top.',
    check: ({ body }) =>
      first(listOf(body.tools), ({ name, parameters }, index) =>
        topProblem(name, parameters, `tools[${index}].parameters`),
      ),
    ...{
      source:
        'langchain-ai/langchainjs#9804; goruck/home-generative-agent#545; nspady/google-calendar-mcp#39',
      date: '2026-08',
      sure: 'high',
    },
    example: {
      breaks: { ...hi, tools: [{ ...tool, parameters: { type: 'object', anyOf: [] } }] },
      mends: { tools: [tool] },
    },
  },
  {
    id: 'openai-responses/format-name',
    refuses:
      'text.format json_schema without a schema, or without a name of at most 64 letters, digits, _ and -.',
    check: ({ body: { text } }) => {
      if (text?.format?.type !== 'json_schema') return
      const { name, schema } = text.format
      if (!/^[a-zA-Z0-9_-]{1,64}$/.test(String(name ?? '')))
        return { message: "Missing required parameter: 'text.format.name'.", param: 'text.format.name' }
      return schema === undefined
        ? { message: "Missing required parameter: 'text.format.schema'.", param: 'text.format.schema' }
        : undefined
    },
    ...{ source: 'openai/openai-openapi TextResponseFormatJsonSchema', date: '2026-08', sure: 'high' },
    example: {
      breaks: { ...hi, text: { format: { type: 'json_schema', schema: { type: 'object' } } } },
      mends: { text: { format: { type: 'json_schema', name: 'a', schema: { type: 'object' } } } },
    },
  },
  {
    id: 'openai-responses/previous-and-conversation',
    refuses: 'previous_response_id together with conversation.',
    check: ({ body }) =>
      body.previous_response_id && body.conversation
        ? {
            message: "Mutually exclusive parameters: 'previous_response_id' and 'conversation'.",
            param: 'conversation',
            code: 'mutually_exclusive_parameters',
          }
        : undefined,
    ...{ source: 'openai/openai-openapi CreateResponse', date: '2026-08', sure: 'high' },
    example: {
      breaks: { ...hi, previous_response_id: 'resp_1', conversation: 'conv_1' },
      mends: { conversation: undefined },
    },
  },
  {
    id: 'openai-responses/metadata',
    refuses: 'metadata of more than 16 pairs, with keys over 64 or values over 512 characters.',
    check: ({ body: { metadata } }) => {
      const pairs = Object.entries(metadata ?? {})
      return pairs.length > 16 ||
        pairs.some(([key, value]) => key.length > 64 || typeof value !== 'string' || value.length > 512)
        ? { message: "Invalid 'metadata'.", param: 'metadata' }
        : undefined
    },
    ...{ source: 'openai/openai-openapi Metadata', date: '2026-08', sure: 'high' },
    example: { breaks: { ...hi, metadata: { a: 'x'.repeat(513) } }, mends: { metadata: { a: 'b' } } },
  },
]
