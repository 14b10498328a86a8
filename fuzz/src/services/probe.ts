// Asks real services whether they still refuse what our rules say: one minimal request for each rule, which breaks it.
import { apiOf, hosts, type ServiceName } from '../../../packages/testing/src/services/hosts.js'
import type { Rule } from '../../../packages/testing/src/services/rule.js'

/** Where a service is, and the environment variable of its key. Servers on a machine of one's own need none. */
export const addresses: Record<ServiceName, { base: string; key?: string }> = {
  anthropic: { base: 'https://api.anthropic.com/v1', key: 'ANTHROPIC_API_KEY' },
  bedrock: { base: 'https://bedrock-runtime.us-east-1.amazonaws.com/v1', key: 'AWS_BEARER_TOKEN_BEDROCK' },
  vertex: { base: 'https://aiplatform.googleapis.com/v1', key: 'GOOGLE_ACCESS_TOKEN' },
  'openai-chat': { base: 'https://api.openai.com/v1', key: 'OPENAI_API_KEY' },
  'openai-responses': { base: 'https://api.openai.com/v1', key: 'OPENAI_API_KEY' },
  gemini: { base: 'https://generativelanguage.googleapis.com/v1beta/openai', key: 'GEMINI_API_KEY' },
  'gemini-api': { base: 'https://generativelanguage.googleapis.com/v1beta', key: 'GEMINI_API_KEY' },
  deepseek: { base: 'https://api.deepseek.com/v1', key: 'DEEPSEEK_API_KEY' },
  mistral: { base: 'https://api.mistral.ai/v1', key: 'MISTRAL_API_KEY' },
  groq: { base: 'https://api.groq.com/openai/v1', key: 'GROQ_API_KEY' },
  xai: { base: 'https://api.x.ai/v1', key: 'XAI_API_KEY' },
  openrouter: { base: 'https://openrouter.ai/api/v1', key: 'OPENROUTER_API_KEY' },
  moonshot: { base: 'https://api.moonshot.ai/v1', key: 'MOONSHOT_API_KEY' },
  cerebras: { base: 'https://api.cerebras.ai/v1', key: 'CEREBRAS_API_KEY' },
  azure: { base: '', key: 'AZURE_OPENAI_API_KEY' },
  vllm: { base: 'http://127.0.0.1:8000/v1' },
  'llama.cpp': { base: 'http://127.0.0.1:8080/v1' },
  lmstudio: { base: 'http://127.0.0.1:1234/v1' },
  ollama: { base: 'http://127.0.0.1:11434/v1' },
}

/** What a service did with the request that breaks a rule. `unclear`: it refused it for another reason, or failed. */
export interface Probed {
  rule: Rule
  outcome: 'holds' | 'accepted' | 'unclear'
  status: number
  /** The service's own words. */
  words: string
}

/** Options of `probe`. */
export interface ProbeOptions {
  /** The service's address, up to and with `/v1`. */
  base: string
  key?: string
  /** In place of the models of the rules, for a server that has its own. */
  model?: string
}

// Refusals of the key, the model, the account and the rate.
const otherReasons = new Set([401, 402, 403, 404, 408, 413, 429])

/**
 * Sends one request for each rule, one after the other, and yields what the service did.
 * @throws for a key that the service refuses, and for a server that cannot be reached
 */
export async function* probe(name: ServiceName, { base, key, model }: ProbeOptions): AsyncGenerator<Probed> {
  for (const rule of new Set(hosts[name].apis.flatMap(({ rules }) => rules))) {
    const { path: own, ...breaks } = rule.example.breaks
    const isResponses = 'input' in breaks
    const api = hosts[name].apis.find(({ protocol }) => (protocol === 'responses') === isResponses)
    const path = (typeof own === 'string' ? own : (api ?? apiOf(name, '')).path).replace(
      '/projects/p/',
      `/projects/${process.env.GOOGLE_CLOUD_PROJECT || 'p'}/`,
    )
    const body = { ...breaks, ...(model !== undefined && 'model' in breaks && { model }) }
    const response = await fetch(addressOf(base, path), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...keyHeaders(name, key), ...rule.example.headers },
      body: JSON.stringify(body),
    })
    const words = (await response.text()).replaceAll(key || '\0', '…').slice(0, 300)
    const { status } = response
    const headers = rule.example.headers ?? {}
    const problem = rule.check({ path, headers, body, model: String(body.model ?? '') })
    const expected = typeof problem === 'object' ? (problem.status ?? 400) : 400
    if (status === 401 && expected !== 401) throw new Error(`${name} refused the key: ${words}`)
    const isRefusal = status >= 400 && status < 500 && (status === expected || !otherReasons.has(status))
    yield { rule, outcome: status < 300 ? 'accepted' : isRefusal ? 'holds' : 'unclear', status, words }
  }
}

/** `base` stands for `/v1`; other paths begin at the host. */
function addressOf(base: string, path: string): string {
  return path.startsWith('/v1/') ? `${base}${path.slice('/v1'.length)}` : `${new URL(base).origin}${path}`
}

function keyHeaders(name: ServiceName, key: string | undefined): Record<string, string> {
  if (key === undefined) return {}
  if (name === 'anthropic') return { 'x-api-key': key, 'anthropic-version': '2023-06-01' }
  if (name === 'gemini-api') return { 'x-goog-api-key': key }
  return name === 'azure' ? { 'api-key': key } : { authorization: `Bearer ${key}` }
}
