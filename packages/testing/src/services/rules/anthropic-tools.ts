// Rules of the Anthropic Messages API about tools and the schemas of structured answers.
import { first, type Json, listOf, type Rule, walk } from '../rule.js'

const hi = { model: 'claude-sonnet-4-5', max_tokens: 1000, messages: [{ role: 'user', content: 'Hi.' }] }
const tool = (schema: Json, name = 'look'): Json => ({ name, input_schema: schema })
const withTool = (schema: Json, name?: string): Json => ({ ...hi, tools: [tool(schema, name)] })
const object = { type: 'object', properties: {} }
const search = { type: 'web_search_20250305', name: 'web_search' }
const format = (properties: Json, more: Json = {}): Json => ({
  output_config: {
    format: {
      type: 'json_schema',
      schema: { type: 'object', properties, additionalProperties: false, ...more },
    },
  },
})
/** Tools that the app defines: those of the service have a type with a date. */
const own = ({ tools }: Json): Json[] =>
  listOf(tools).filter(({ type }) => type === undefined || type === 'custom')
const strict = function* ({ tools, output_config: config }: Json): Generator<Json> {
  if (config?.format?.schema) yield config.format.schema
  for (const one of listOf(tools)) if (one.strict === true) yield one.input_schema
}
const formats = ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid']
const refused = [
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'maxItems',
]

/** Every schema inside a schema; names of properties are no keywords. */
function* schemasIn(schema: unknown): Generator<Json> {
  for (const [path, value] of walk(schema))
    if (!Array.isArray(value) && !/(^|\.)(properties|\$defs|definitions)$/.test(path)) yield value
}

export const anthropicTools: readonly Rule[] = [
  {
    id: 'anthropic/search-domains',
    refuses: 'allowed_domains and blocked_domains in one of its tools for the web.',
    check: ({ body }) =>
      first(listOf(body.tools), ({ allowed_domains: allowed, blocked_domains: blocked }, index) =>
        listOf(allowed).length > 0 && listOf(blocked).length > 0
          ? `tools.${index}: only one of allowed_domains and blocked_domains can be used.`
          : undefined,
      ),
    ...{
      source: 'platform.claude.com web-search-tool ("Domain filtering"); types of @anthropic-ai/sdk 1.14.0',
      date: '2026-11',
      sure: 'high',
    },
    example: {
      breaks: {
        ...hi,
        tools: [{ ...search, allowed_domains: ['a.example'], blocked_domains: ['b.example'] }],
      },
      mends: { tools: [{ ...search, allowed_domains: ['a.example'] }] },
    },
  },
  {
    id: 'anthropic/computer-version',
    refuses: 'computer_20251124 of the models from 5.5 on, which take computer_toolset_20260801.',
    check: ({ body, model }) =>
      first(listOf(body.tools), ({ type }, index) =>
        /^computer_20/.test(String(type)) && /-5-[2-9](?!\d)/.test(model)
          ? `tools.${index}: '${type}' is not supported by this model. Use computer_toolset_20260801.`
          : undefined,
      ),
    ...{
      source: 'platform.claude.com computer-use-tool (details, "Migrate from computer_20251124")',
      date: '2026-10',
      sure: 'high',
    },
    example: {
      breaks: {
        ...hi,
        model: 'claude-opus-5-5',
        tools: [{ type: 'computer_20251124', name: 'computer', display_width_px: 1, display_height_px: 1 }],
      },
      mends: { model: 'claude-opus-4-7' },
    },
  },
  {
    id: 'anthropic/mcp-servers',
    refuses: 'An mcp_toolset of a server that mcp_servers does not have, or without the beta.',
    check: ({ body, headers }) =>
      first(listOf(body.tools), ({ type, mcp_server_name: name }, index) => {
        if (type !== 'mcp_toolset') return
        if (!String(headers['anthropic-beta']).includes('mcp-client-'))
          return `tools.${index}: Input tag 'mcp_toolset' found using 'type' does not match any of the expected tags`
        return listOf(body.mcp_servers).some((server) => server.name === name)
          ? undefined
          : `tools.${index}.mcp_server_name: '${name}' is not defined in mcp_servers`
      }),
    ...{
      source: 'platform.claude.com/docs/en/agents-and-tools/mcp-connector',
      date: '2026-11',
      sure: 'medium',
    },
    example: {
      breaks: { ...hi, tools: [{ type: 'mcp_toolset', mcp_server_name: 'wiki' }] },
      mends: { mcp_servers: [{ type: 'url', name: 'wiki', url: 'https://wiki.example/mcp' }] },
      headers: { 'anthropic-beta': 'mcp-client-2025-11-20' },
    },
  },
  {
    id: 'anthropic/tool-name',
    refuses: 'Tool names of more than 128 letters, digits, _ and -.',
    check: ({ body }) =>
      first(own(body), ({ name }, index) =>
        /^[a-zA-Z0-9_-]{1,128}$/.test(name)
          ? undefined
          : `tools.${index}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`,
      ),
    ...{ source: 'anthropics/claude-code#96152', date: '2026-09', sure: 'high' },
    example: { breaks: withTool(object, 'look at'), mends: withTool(object) },
  },
  {
    id: 'anthropic/tool-schema-object',
    refuses: 'An input_schema whose type is not object.',
    check: ({ body }) =>
      first(own(body), ({ input_schema: schema }, index) =>
        schema?.type === 'object'
          ? undefined
          : `tools.${index}.custom.input_schema.type: Input should be 'object'`,
      ),
    ...{ source: 'dearlordylord/huly-mcp#66', date: '2026-05', sure: 'high' },
    example: { breaks: withTool({}), mends: withTool(object) },
  },
  {
    id: 'anthropic/tool-schema-root',
    refuses: 'oneOf, allOf or anyOf at the root of an input_schema.',
    check: ({ body }) =>
      first(own(body), ({ input_schema: schema }, index) =>
        ['oneOf', 'allOf', 'anyOf'].some((word) => schema?.[word] !== undefined)
          ? `tools.${index}.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level`
          : undefined,
      ),
    ...{
      source: 'anthropics/claude-code#5319, #44788; software-mansion/argent#773',
      date: '2026-08',
      sure: 'high',
    },
    example: { breaks: withTool({ ...object, anyOf: [object] }), mends: withTool(object) },
  },
  {
    id: 'anthropic/property-keys',
    refuses:
      'Property names of a tool with other signs than letters, digits, _, . and -, or more than 64 of them.',
    check: ({ body }) =>
      first(own(body), ({ input_schema: schema }) =>
        first(walk(schema), ([path, value]) =>
          path.split('.').at(-1) === 'properties' &&
          Object.keys(value).some((key) => !/^[a-zA-Z0-9_.-]{1,64}$/.test(key))
            ? "tools: Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'"
            : undefined,
        ),
      ),
    ...{ source: 'OmniRoute#13552', date: '2026-09', sure: 'high' },
    example: {
      breaks: withTool({ type: 'object', properties: { 'a b': { type: 'string' } } }),
      mends: withTool({ type: 'object', properties: { a_b: { type: 'string' } } }),
    },
  },
  {
    id: 'anthropic/additional-properties',
    refuses: 'Objects of a strict schema without additionalProperties: false.',
    check: ({ body }) =>
      first(strict(body), (schema) =>
        first(schemasIn(schema), ({ type, additionalProperties: more }) =>
          type === 'object' && more !== false
            ? "For 'object' type, 'additionalProperties' must be explicitly set to false"
            : undefined,
        ),
      ),
    ...{ source: 'veryfront-code#3918; BerriAI/litellm#35811', date: '2026-08', sure: 'high' },
    example: {
      breaks: { ...hi, ...format({ a: { type: 'string' } }, { additionalProperties: undefined }) },
      mends: format({ a: { type: 'string' } }),
    },
  },
  {
    id: 'anthropic/schema-keywords',
    refuses: 'Bounds of numbers, lengths and items in a strict schema, except minItems 0 or 1.',
    check: ({ body }) =>
      first(strict(body), (schema) =>
        first(schemasIn(schema), (node) => {
          const word = refused.find((name) => node[name] !== undefined)
          if (word) return `For '${node.type}' type, property '${word}' is not supported`
          return node.minItems > 1 ? "'minItems' values other than 0 or 1 are not supported" : undefined
        }),
      ),
    ...{
      source: 'agentjido/req_llm#302, #706; ghostlobster/memorize-everything#93',
      date: '2026-05',
      sure: 'high',
    },
    example: {
      breaks: { ...hi, ...format({ a: { type: 'integer', minimum: 1 } }) },
      mends: format({ a: { type: 'integer' } }),
    },
  },
  {
    id: 'anthropic/schema-format',
    refuses:
      'String formats of a strict schema beyond date-time, time, date, duration, email, hostname, uri, ipv4, ipv6, uuid.',
    check: ({ body }) =>
      first(strict(body), (schema) =>
        first(schemasIn(schema), ({ type, format }) =>
          type === 'string' && format !== undefined && !formats.includes(format)
            ? `For 'string' type, format '${format}' is not supported`
            : undefined,
        ),
      ),
    ...{ source: 'anthropic-sdk-typescript transform-json-schema.ts', date: '2026-08', sure: 'high' },
    example: {
      breaks: { ...hi, ...format({ a: { type: 'string', format: 'color' } }) },
      mends: format({ a: { type: 'string', format: 'date' } }),
    },
  },
]
