// Rules of Azure's addresses and keys: the classic ones with a deployment and a version, and those of its v1 API.
import type { Json, Problem, Rule, ServiceRequest } from '../rule.js'

const version = ({ path }: ServiceRequest): string | undefined =>
  new URL(path, 'http://azure').searchParams.get('api-version') ?? undefined
const pathname = ({ path }: ServiceRequest): string => new URL(path, 'http://azure').pathname
const isClassic = (request: ServiceRequest): boolean => !pathname(request).startsWith('/openai/v1/')

const notFound: Problem = { status: 404, code: '404', message: 'Resource not found' }
const hi: Json = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi.' }] }
const deployment = '/openai/deployments/gpt-4o/chat/completions'
const ask: Json = { model: 'gpt-4o', input: 'Hi.' }

export const azureAddresses: readonly Rule[] = [
  {
    id: 'azure/address',
    refuses:
      'An address other than /openai/deployments/{name}/chat/completions, /openai/responses and those under /openai/v1.',
    check: (request) =>
      /^\/openai\/(v1\/(chat\/completions|responses)|deployments\/[^/]+\/chat\/completions|responses)$/.test(
        pathname(request),
      )
        ? undefined
        : notFound,
    ...{
      source: 'MicrosoftDocs/azure-docs#114602; vercel/ai azure provider; openai/openai-python#2184',
      date: '2026-08',
      sure: 'high',
    },
    example: {
      breaks: { ...hi, path: '/v1/chat/completions' },
      mends: { path: '/openai/v1/chat/completions' },
    },
  },
  {
    id: 'azure/api-version',
    refuses: 'A classic address without api-version, or with one that is not a date.',
    check: (request) =>
      isClassic(request) && !/^20\d\d-\d\d-\d\d(-preview)?$/.test(version(request) ?? '')
        ? notFound
        : undefined,
    ...{
      source: 'MicrosoftDocs/azure-docs#114602; langchain-ai/langchain#13284',
      date: '2025-06',
      sure: 'high',
    },
    example: {
      breaks: { ...hi, path: deployment },
      mends: { path: `${deployment}?api-version=2024-10-21` },
    },
  },
  {
    id: 'azure/v1-version',
    refuses: 'A dated api-version under /openai/v1.',
    check: (request) =>
      !isClassic(request) && ![undefined, 'preview', 'latest', 'v1'].includes(version(request))
        ? { code: 'BadRequest', message: 'API version not supported' }
        : undefined,
    ...{
      source: 'CherryHQ/cherry-studio#8077; egoist/chatwise-releases#992',
      date: '2025-08',
      sure: 'high',
    },
    example: {
      breaks: { ...hi, path: '/openai/v1/chat/completions?api-version=2024-10-21' },
      mends: { path: '/openai/v1/chat/completions?api-version=preview' },
    },
  },
  {
    id: 'azure/responses-version',
    refuses: 'Responses at a classic address with an api-version before 2025-03-01-preview.',
    check: (request) =>
      isClassic(request) &&
      pathname(request).endsWith('/responses') &&
      (version(request) ?? '') < '2025-03-01-preview'
        ? 'Azure OpenAI Responses API is enabled only for api-version 2025-03-01-preview and later'
        : undefined,
    ...{ source: 'Aider-AI/aider#4029; openai/openai-python#2184', date: '2025-05', sure: 'high' },
    example: {
      breaks: { ...ask, path: '/openai/responses?api-version=2024-10-21' },
      mends: { path: '/openai/responses?api-version=2025-04-01-preview' },
    },
  },
  {
    id: 'azure/o-series-version',
    refuses: 'o1 and o3-mini at a classic address with an api-version before 2024-12-01-preview.',
    check: (request) =>
      isClassic(request) &&
      /^(o1|o3-mini)\b/.test(request.model) &&
      (version(request) ?? '') < '2024-12-01-preview'
        ? `Model ${request.model} is enabled only for api versions 2024-12-01-preview and later`
        : undefined,
    ...{ source: 'microsoft/genaiscript#1121', date: '2025-02', sure: 'high' },
    example: {
      breaks: { ...hi, path: '/openai/deployments/o3-mini/chat/completions?api-version=2024-10-21' },
      mends: { path: '/openai/deployments/o3-mini/chat/completions?api-version=2025-04-01-preview' },
    },
  },
  {
    id: 'azure/auth',
    refuses: 'A request with neither api-key nor a bearer token of Entra ID.',
    check: ({ headers }) =>
      headers['api-key'] || headers.authorization?.startsWith('Bearer ')
        ? undefined
        : {
            ...{ status: 401, code: '401' },
            message:
              'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.',
          },
    ...{ source: 'vercel/ai azure provider', date: '2026-08', sure: 'high' },
    example: {
      breaks: { ...hi, path: '/openai/v1/chat/completions' },
      mends: {},
      headers: { 'api-key': '' },
      mendsHeaders: {},
    },
  },
]
