// Rules of the clouds that have Claude: what they refuse beside what the Messages API itself refuses.
import { modelBody } from '../cloud-forms.js'
import type { Json, Rule, ServiceRequest } from '../rule.js'
import { listOf, walk } from '../rule.js'

const hi: Json = { max_tokens: 100, messages: [{ role: 'user', content: 'Hi.' }] }
const picture = (source: Json): Json => ({
  ...hi,
  messages: [
    {
      role: 'user',
      content: [
        { type: 'image', source },
        { type: 'text', text: 'What is it?' },
      ],
    },
  ],
})
const linked = { type: 'url', url: 'https://example.com/a.png' }
const inline = {
  ...{ type: 'base64', media_type: 'image/png' },
  data: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
}
const hasLink = (body: Json): boolean =>
  [...walk(body)].some(([path, { type }]) => path.endsWith('source') && type === 'url')

/** Families from Claude 4.7 on, by the name on a cloud. */
const isSince47 = (path: string): boolean =>
  /claude-(opus-4-[78]|(opus|sonnet|haiku|fable|mythos)-[5-9])/.test(path)

/** How a cloud refuses a tool of Anthropic's own service, or a connection to an MCP server. */
const serverTool = (body: Json, refused: RegExp): string | undefined => {
  const at = listOf(body.tools).findIndex(({ type }) => refused.test(String(type)))
  if (at >= 0)
    return `tools.${at}: Input tag '${body.tools[at].type}' found using 'type' does not match any of the expected tags`
  return body.mcp_servers === undefined ? undefined : 'mcp_servers: Extra inputs are not permitted'
}
const fetching = { type: 'web_fetch_20250910', name: 'web_fetch' }
const weather = { name: 'weather', input_schema: { type: 'object' } }

const onBedrock = (model: string, action = 'invoke'): string =>
  `/model/${encodeURIComponent(model)}/${action}`
const old = 'global.anthropic.claude-sonnet-4-5-20250929-v1:0'
const version = 'bedrock-2023-05-31'
const bedrockHi: Json = { ...hi, anthropic_version: version, path: onBedrock(old) }
const counting = (model: string, body: Json): Json => ({
  path: onBedrock(model, 'count-tokens'),
  input: { invokeModel: { body: Buffer.from(JSON.stringify(body)).toString('base64') } },
})
const counted: Json = { ...hi, anthropic_version: version }
const isCount = ({ path }: ServiceRequest): boolean => path.endsWith('/count-tokens')
const malformed = (what: string) =>
  `Malformed input request: #: ${what}, please reformat your input and try again.`

export const bedrock: readonly Rule[] = [
  {
    id: 'bedrock/address',
    refuses: 'An address other than /model/{id}/invoke, /invoke-with-response-stream and /count-tokens.',
    check: ({ path }) =>
      /^\/model\/[^/]+\/(invoke|invoke-with-response-stream|count-tokens)$/.test(path.split('?', 1)[0] ?? '')
        ? undefined
        : { status: 404, code: 'UnknownOperationException', message: 'Unknown operation' },
    ...{
      source: 'docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime',
      date: '2026-11',
      sure: 'high',
    },
    example: {
      breaks: { ...bedrockHi, path: '/v1/messages' },
      mends: { path: onBedrock(old) },
    },
  },
  {
    id: 'bedrock/auth',
    refuses: 'A request with neither a bearer token nor a signature of version 4.',
    check: ({ headers: { authorization = '' } }) =>
      /^(Bearer|AWS4-HMAC-SHA256) /.test(authorization)
        ? undefined
        : {
            status: 403,
            code: 'MissingAuthenticationTokenException',
            message: 'Missing Authentication Token',
          },
    ...{
      source: 'docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors; userguide/api-keys',
      date: '2026-11',
      sure: 'high',
    },
    example: { breaks: bedrockHi, mends: {}, headers: { authorization: '' }, mendsHeaders: {} },
  },
  {
    id: 'bedrock/version',
    refuses: 'anthropic_version other than bedrock-2023-05-31; 2026-10-21 before Claude 4.7; none.',
    check: (request) => {
      const { anthropic_version: given } = modelBody(request)
      if (given === version || (given === '2026-10-21' && isSince47(request.path))) return
      return given === undefined
        ? malformed('required key [anthropic_version] not found')
        : `anthropic_version: "${given}" is not a valid version`
    },
    ...{
      source:
        'docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response; platform.claude.com/docs/en/api/versioning',
      date: '2026-11',
      sure: 'high',
    },
    example: {
      breaks: { ...bedrockHi, anthropic_version: '2026-10-21' },
      mends: { path: onBedrock('global.anthropic.claude-opus-5') },
    },
  },
  {
    id: 'bedrock/model-in-body',
    refuses: 'model and stream in the body: they are in the address.',
    check: (request) => {
      const key = ['model', 'stream'].find((name) => modelBody(request)[name] !== undefined)
      return key && malformed(`extraneous key [${key}] is not permitted`)
    },
    ...{ source: 'fumito-ito/AnthropicSwiftSDK#19; sigoden/aichat#543', date: '2024-06', sure: 'high' },
    example: { breaks: { ...bedrockHi, stream: true }, mends: { stream: undefined } },
  },
  {
    id: 'bedrock/linked-media',
    refuses: 'Images and documents by address.',
    check: (request) =>
      hasLink(modelBody(request))
        ? 'messages.0.content.0.image.source.type: URL sources are not supported'
        : undefined,
    ...{
      source: 'vercel/ai amazon-bedrock-anthropic-provider.ts; pollinations/pollinations#5862',
      date: '2026-08',
      sure: 'medium',
    },
    example: {
      breaks: { ...bedrockHi, ...picture(linked) },
      mends: picture(inline),
    },
  },
  {
    id: 'bedrock/eager-input-streaming',
    refuses: 'eager_input_streaming of a tool: a beta has to be named instead.',
    check: (request) => {
      const at = listOf(modelBody(request).tools).findIndex(
        ({ eager_input_streaming: eager }) => eager !== undefined,
      )
      return at < 0 ? undefined : `tools.${at}.custom.eager_input_streaming: Extra inputs are not permitted`
    },
    ...{ source: 'vercel/ai amazon-bedrock-anthropic-provider.ts', date: '2026-08', sure: 'medium' },
    example: {
      breaks: {
        ...bedrockHi,
        tools: [{ name: 'look', input_schema: { type: 'object' }, eager_input_streaming: true }],
      },
      mends: { tools: [{ name: 'look', input_schema: { type: 'object' } }] },
    },
  },
  {
    id: 'bedrock/server-tools',
    refuses: "Anthropic's web search, web fetch, code execution and MCP connector.",
    check: (request) => serverTool(modelBody(request), /^(web_search|web_fetch|code_execution|mcp_toolset)/),
    ...{
      source:
        'claude.com/docs/third-party/claude-desktop/web-tools; platform.claude.com mcp-connector; vercel/ai amazon-bedrock-anthropic-provider.ts',
      date: '2026-11',
      sure: 'high',
    },
    example: { breaks: { ...bedrockHi, tools: [fetching] }, mends: { tools: [weather] } },
  },
  {
    id: 'bedrock/count-profile',
    refuses: 'CountTokens for an inference profile: only for models themselves.',
    check: (request) =>
      isCount(request) && !/^\/model\/anthropic\./.test(request.path)
        ? "The provided model doesn't support counting tokens."
        : undefined,
    ...{
      source: 'pydantic/pydantic-ai#3367 and #4001; Boise-State-Development/agentcore-public-stack#430',
      date: '2026-06',
      sure: 'high',
    },
    example: {
      breaks: counting(old, counted),
      mends: { path: onBedrock('anthropic.claude-sonnet-4-5-20250929-v1:0', 'count-tokens') },
    },
  },
  {
    id: 'bedrock/count-max-tokens',
    refuses: 'CountTokens of a body without max_tokens: it is that of InvokeModel.',
    check: (request) =>
      isCount(request) && modelBody(request).max_tokens === undefined
        ? malformed('required key [max_tokens] not found')
        : undefined,
    ...{ source: 'anthropics/anthropic-sdk-python#1043', date: '2025-10', sure: 'medium' },
    example: {
      breaks: counting('anthropic.claude-sonnet-4-5-20250929-v1:0', { ...counted, max_tokens: undefined }),
      mends: counting('anthropic.claude-sonnet-4-5-20250929-v1:0', counted),
    },
  },
]

const onVertex = (method = 'rawPredict', model = 'claude-sonnet-4-5@20250929'): string =>
  `/v1/projects/p/locations/global/publishers/anthropic/models/${model}:${method}`
const vertexHi: Json = { ...hi, anthropic_version: 'vertex-2023-10-16', path: onVertex() }

export const vertex: readonly Rule[] = [
  {
    id: 'vertex/address',
    refuses:
      'An address other than …/publishers/anthropic/models/{model}:rawPredict, :streamRawPredict and count-tokens:rawPredict.',
    check: ({ path }) =>
      /^\/v1\/projects\/[^/]+\/locations\/[^/]+\/publishers\/anthropic\/models\/[^/:]+:(rawPredict|streamRawPredict)$/.test(
        path.split('?', 1)[0] ?? '',
      )
        ? undefined
        : { status: 404, message: 'The requested URL was not found on this server.' },
    ...{
      source:
        'platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai; @anthropic-ai/vertex-sdk 1.1.3',
      date: '2026-11',
      sure: 'high',
    },
    example: { breaks: { ...vertexHi, path: '/v1/messages' }, mends: { path: onVertex() } },
  },
  {
    id: 'vertex/auth',
    refuses: "A request without a token of Google's.",
    check: ({ headers: { authorization = '' } }) =>
      authorization.startsWith('Bearer ')
        ? undefined
        : {
            status: 401,
            message:
              'Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
          },
    ...{
      source: 'cloud.google.com/docs/authentication; langchain-ai/langchain-google',
      date: '2026-11',
      sure: 'high',
    },
    example: { breaks: vertexHi, mends: {}, headers: { authorization: '' }, mendsHeaders: {} },
  },
  {
    id: 'vertex/version',
    refuses:
      'anthropic_version other than vertex-2023-10-16 and 2026-10-21 (2023-06-01 is not its name there).',
    check: ({ path, body: { anthropic_version: given } }) =>
      path.includes('/count-tokens:') || ['vertex-2023-10-16', '2026-10-21'].includes(given)
        ? undefined
        : given === undefined
          ? 'anthropic_version: Field required'
          : { status: 404, message: `anthropic_version: "${given}" is not a valid version` },
    ...{
      source:
        'platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai and /api/versioning; clawvisor/clawvisor#156',
      date: '2026-11',
      sure: 'high',
    },
    example: {
      breaks: { ...vertexHi, anthropic_version: '2023-06-01' },
      mends: { anthropic_version: 'vertex-2023-10-16' },
    },
  },
  {
    id: 'vertex/model-in-body',
    refuses: 'model in the body: it is in the address, except to count tokens.',
    check: ({ path, body }) =>
      body.model !== undefined && !path.includes('/count-tokens:')
        ? 'model: Extra inputs are not permitted'
        : undefined,
    ...{
      source: 'platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai',
      date: '2026-11',
      sure: 'medium',
    },
    example: {
      breaks: { ...vertexHi, model: 'claude-sonnet-4-5@20250929' },
      mends: { model: undefined },
    },
  },
  {
    id: 'vertex/linked-media',
    refuses: 'Images and documents by address.',
    check: ({ body }) =>
      hasLink(body)
        ? 'messages.0.content.0.image.source.base64.data: URL sources are not supported'
        : undefined,
    ...{
      source:
        'anthropics/anthropic-sdk-typescript#1038; BerriAI/litellm#18430; langchain-ai/langchain-google#1088',
      date: '2026-07',
      sure: 'high',
    },
    example: {
      breaks: { ...vertexHi, ...picture(linked) },
      mends: picture(inline),
    },
  },
  {
    id: 'vertex/server-tools',
    refuses:
      "Anthropic's web fetch, code execution, MCP connector, and web search other than web_search_20250305.",
    check: ({ body }) => serverTool(body, /^(web_search_(?!20250305)|web_fetch|code_execution|mcp_toolset)/),
    ...{
      source:
        'docs.cloud.google.com partner-models/claude/web-search; platform.claude.com mcp-connector; vercel/ai google-vertex-anthropic-provider.ts',
      date: '2026-11',
      sure: 'high',
    },
    example: {
      breaks: { ...vertexHi, tools: [fetching] },
      mends: { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
    },
  },
]
