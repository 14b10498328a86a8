// Rules of OpenAI about strict schemas, shared by tools and structured answers of both APIs.
import { first, type Json, listOf, type Rule, walk } from '../rule.js'

type Api = 'chat' | 'responses'

function format(api: Api, properties: Json, more: Json = {}): Json {
  const schema = {
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
    ...more,
  }
  const named = { name: 'answer', strict: true, schema }
  const messages = [{ role: 'user', content: 'Hi.' }]
  return api === 'chat'
    ? { model: 'gpt-4o', messages, response_format: { type: 'json_schema', json_schema: named } }
    : { model: 'gpt-4o', input: messages, text: { format: { type: 'json_schema', ...named } } }
}
const text = { type: 'string' }

/** The schemas that a request wants strictly: structured answers and tools. */
function* strictSchemas({ response_format: chat, text: responses, tools }: Json): Generator<Json> {
  const format = chat?.json_schema ?? responses?.format
  if (format?.strict === true && format.schema) yield format.schema
  for (const tool of listOf(tools)) {
    const { strict, parameters } = tool.function ?? tool
    if (strict === true && parameters) yield parameters
  }
}

function* nodes(schema: Json): Generator<Json> {
  for (const [path, value] of walk(schema))
    if (!Array.isArray(value) && !/(^|\.)(properties|\$defs|definitions)$/.test(path)) yield value
}

const inStrict =
  (find: (node: Json) => string | undefined) =>
  ({ body }: { body: Json }) => {
    const problem = first(strictSchemas(body), (schema) => first(nodes(schema), find))
    return problem && { message: `Invalid schema: In context=(), ${problem}`, code: 'invalid_json_schema' }
  }

const refused = [
  ...[
    'oneOf',
    'allOf',
    'not',
    'if',
    'then',
    'else',
    'dependentRequired',
    'dependentSchemas',
    'patternProperties',
  ],
  ...['default', 'propertyNames', 'uniqueItems'],
]
const formats = ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid']

/** The rules for one of the two APIs. */
export const strictSchema = (api: Api): readonly Rule[] => [
  {
    id: `openai-${api}/strict-required`,
    refuses:
      'Objects of a strict schema that do not require all of their properties, or require one they do not have.',
    check: inStrict(({ properties, required = [] }) => {
      if (properties === undefined) return
      const missing = Object.keys(properties).find((key) => !required.includes(key))
      if (missing)
        return `'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`
      const extra = required.find((key: string) => !(key in properties))
      return extra && `Extra required key '${extra}' supplied.`
    }),
    ...{
      source: 'sherifkozman/the-llm-council#9; opencode#13737; dotnet/extensions#6302',
      date: '2026-02',
      sure: 'high',
    },
    example: { breaks: format(api, { a: text }, { required: [] }), mends: format(api, { a: text }) },
  },
  {
    id: `openai-${api}/answer-object`,
    refuses: 'Schemas of answers that are not of type object, strict or not.',
    check: ({ body: { response_format: chat, text: responses } }) => {
      const format = chat?.json_schema ?? responses?.format
      const given = format?.schema
      return given === undefined || given === null || given.type === 'object'
        ? undefined
        : {
            message: `Invalid schema for response_format '${format.name}': schema must be a JSON Schema of 'type: "object"', got 'type: "${given.type ?? 'None'}"'.`,
            code: 'invalid_json_schema',
          }
    },
    ...{
      source: 'developers.openai.com structured-outputs; live errors in public projects',
      date: '2026-08',
      sure: 'medium',
    },
    example: {
      breaks: format(api, {}, { type: 'array', items: text }),
      mends: format(api, { a: text }),
    },
  },
  {
    id: `openai-${api}/strict-additional-properties`,
    refuses: 'Objects of a strict schema without additionalProperties: false.',
    check: inStrict(({ type, additionalProperties: more }) =>
      [type].flat().includes('object') && more !== false
        ? "'additionalProperties' is required to be supplied and to be false."
        : undefined,
    ),
    ...{
      source: 'bytedance/trae-agent#175; developers.openai.com structured-outputs',
      date: '2025-12',
      sure: 'high',
    },
    example: {
      breaks: format(api, { a: text }, { additionalProperties: undefined }),
      mends: format(api, { a: text }),
    },
  },
  {
    id: `openai-${api}/strict-keywords`,
    refuses:
      'oneOf, allOf, not, conditions, default, patternProperties, propertyNames and uniqueItems in a strict schema.',
    check: inStrict((node) => {
      const word = refused.find((name) => node[name] !== undefined)
      return word && `'${word}' is not permitted.`
    }),
    ...{ source: 'ash_ai#149; dynamo#15153', date: '2026-01', sure: 'high' },
    example: {
      breaks: format(api, { a: { type: 'string', default: 'x' } }),
      mends: format(api, { a: text }),
    },
  },
  {
    id: `openai-${api}/strict-format`,
    refuses:
      'String formats of a strict schema beyond date-time, time, date, duration, email, hostname, ipv4, ipv6, uuid.',
    check: inStrict(({ type, format: name }) =>
      type === 'string' && typeof name === 'string' && !formats.includes(name)
        ? `'${name}' is not a valid format.`
        : undefined,
    ),
    ...{ source: 'oh-my-pi#206', date: '2026-02', sure: 'high' },
    example: {
      breaks: format(api, { a: { type: 'string', format: 'uri' } }),
      mends: format(api, { a: text }),
    },
  },
]
