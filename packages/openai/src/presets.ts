// How compatible servers differ from OpenAI, as dated data: hosts, and what each does its own way.
// Sources: the services' API references, November 2026.
import { type EnvironmentKey, isHostOf } from '@patchbay/core/wire'

/** The ways of a server. */
export interface Preset {
  /** The name of the limit of an answer. */
  maxTokens: 'max_completion_tokens' | 'max_tokens'
  /** Takes `stream_options: { include_usage: true }`, and says its usage only then. */
  streamUsage: boolean
  /** Constrains answers to a JSON schema; else to JSON at most. */
  jsonSchema: boolean
  /** Takes `top_k` and `min_p`. */
  moreSampling: boolean
  /** Takes `parallel_tool_calls`. */
  parallelToolCalls: boolean
  /** Ids of tool calls must be nine letters and digits. */
  shortIds: boolean
  /** The environment variable of its key, which goes to the hosts that we know as this server's, and to `baseURL` if none is. */
  key: string
  /** A header it wants the key in, beside `Authorization`. */
  keyHeader?: string
}

const compatible: Preset = {
  maxTokens: 'max_tokens',
  streamUsage: true,
  jsonSchema: true,
  moreSampling: false,
  parallelToolCalls: true,
  shortIds: false,
  key: 'OPENAI_API_KEY',
}

/** What each named server does its own way. */
export const presets = {
  openai: { maxTokens: 'max_completion_tokens' },
  compatible: {},
  vllm: { moreSampling: true },
  'llama.cpp': { moreSampling: true },
  lmstudio: { moreSampling: true },
  ollama: {},
  groq: { maxTokens: 'max_completion_tokens', key: 'GROQ_API_KEY' },
  deepseek: { jsonSchema: false, parallelToolCalls: false, key: 'DEEPSEEK_API_KEY' },
  mistral: { streamUsage: false, shortIds: true, key: 'MISTRAL_API_KEY' },
  openrouter: { moreSampling: true, key: 'OPENROUTER_API_KEY' },
  together: { moreSampling: true, key: 'TOGETHER_API_KEY' },
  xai: { key: 'XAI_API_KEY' },
  moonshot: { jsonSchema: false, key: 'MOONSHOT_API_KEY' },
  alibaba: { jsonSchema: false, key: 'DASHSCOPE_API_KEY' },
  cerebras: { maxTokens: 'max_completion_tokens', key: 'CEREBRAS_API_KEY' },
  google: { key: 'GEMINI_API_KEY' },
  azure: { maxTokens: 'max_completion_tokens', key: 'AZURE_OPENAI_API_KEY', keyHeader: 'api-key' },
} satisfies Record<string, Partial<Preset>>

/** A server whose ways are known by name. */
export type PresetName = keyof typeof presets

const hosts: [end: string, name: PresetName][] = [
  ['api.openai.com', 'openai'],
  ['openai.azure.com', 'azure'],
  ['services.ai.azure.com', 'azure'],
  ['cognitiveservices.azure.com', 'azure'],
  ['api.groq.com', 'groq'],
  ['api.deepseek.com', 'deepseek'],
  ['api.mistral.ai', 'mistral'],
  ['openrouter.ai', 'openrouter'],
  ['api.together.ai', 'together'],
  ['api.together.xyz', 'together'],
  ['api.x.ai', 'xai'],
  ['api.moonshot.ai', 'moonshot'],
  ['api.moonshot.cn', 'moonshot'],
  // Anybody's programs answer elsewhere under aliyuncs.com. Source: alibabacloud.com, Model Studio, base URLs, October 2026.
  ['dashscope.aliyuncs.com', 'alibaba'],
  ['dashscope-intl.aliyuncs.com', 'alibaba'],
  ['dashscope-us.aliyuncs.com', 'alibaba'],
  ['maas.aliyuncs.com', 'alibaba'],
  ['api.cerebras.ai', 'cerebras'],
  ['generativelanguage.googleapis.com', 'google'],
]

/** OpenAI's own host, also of a region: `eu.api.openai.com`. */
export function isOwnHost(hostname: string): boolean {
  return isHostOf(hostname, ['api.openai.com'])
}

/** The key of a variable, and the hosts it is for; none for a variable that only `preset: { key }` names. */
export function environmentKey(variable: string): EnvironmentKey {
  const its = hosts.filter(([, name]) => ({ ...compatible, ...presets[name] }).key === variable)
  return { variable, hosts: its.map(([end]) => end) }
}

/** The ways of the server at an address, or of a named one; `own` wins. */
export function presetFor(baseURL: string, name: PresetName | undefined, own: Partial<Preset> = {}): Preset {
  const { hostname } = new URL(baseURL)
  const known = name ?? hosts.find(([end]) => isHostOf(hostname, [end]))?.[1] ?? 'compatible'
  return { ...compatible, ...presets[known], ...own }
}

/** Models of OpenAI that think, and take neither temperature nor top_p. An unknown name is taken for one of today's. */
export function isReasoningModel(model: string): boolean {
  return !/^(gpt-3|gpt-4|chatgpt-)|-chat\b|-instruct\b/.test(model)
}
