// The dialects of compatible servers, as dated data: hosts, and the differences from OpenAI.
// Sources: the services' API references, November 2026.
import { type EnvironmentKey, isHostOf } from '@patchbay/core/wire'
import type { Dialect } from './dialect.js'

/** The dialect of a server. */
export interface Preset {
  /** The field for the most tokens of an answer. */
  maxTokens: 'max_completion_tokens' | 'max_tokens'
  /** Whether it takes `stream_options: { include_usage: true }`, and sends the usage of a stream only then. */
  streamUsage: boolean
  /** Whether it constrains answers to a JSON schema; if `false`, only to JSON. */
  jsonSchema: boolean
  /** Whether it takes `top_k` and `min_p`. */
  moreSampling: boolean
  /** Whether it takes `parallel_tool_calls`. */
  parallelToolCalls: boolean
  /** Whether ids of tool calls must be nine letters and digits. */
  shortIds: boolean
  /** The environment variable of its key. It is sent to the known hosts of this server, or to `baseURL` if there are none. */
  key: string
  /** A header that must contain the key too, beside `Authorization`. */
  keyHeader?: string
  /** The known server whose rules for requests apply. Default: by the host. */
  name?: PresetName
  /** Differences from those rules. */
  dialect?: Partial<Dialect>
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

/** The differences of each named server. */
export const presets = {
  openai: { maxTokens: 'max_completion_tokens' },
  compatible: {},
  vllm: { moreSampling: true },
  'llama.cpp': { moreSampling: true },
  lmstudio: { moreSampling: true },
  ollama: { parallelToolCalls: false },
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

/** The name of a known server. */
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
  // Other names under aliyuncs.com belong to customers. Source: alibabacloud.com, Model Studio, base URLs, October 2026.
  ['dashscope.aliyuncs.com', 'alibaba'],
  ['dashscope-intl.aliyuncs.com', 'alibaba'],
  ['dashscope-us.aliyuncs.com', 'alibaba'],
  ['maas.aliyuncs.com', 'alibaba'],
  ['api.cerebras.ai', 'cerebras'],
  ['generativelanguage.googleapis.com', 'google'],
]

// Servers that anyone runs, under names of models of their own.
const programs = new Set<PresetName | undefined>(['compatible', 'vllm', 'llama.cpp', 'lmstudio', 'ollama'])

/** Whether it is one of the services here, and not only a server of that kind. */
export function isService({ name }: Preset): boolean {
  return !programs.has(name)
}

/** Whether it is OpenAI's own host, also of a region: `eu.api.openai.com`. */
export function isOwnHost(hostname: string): boolean {
  return isHostOf(hostname, ['api.openai.com'])
}

/** The hosts that a key variable is for; none for a variable that only `preset: { key }` names. */
export function environmentKey(variable: string): EnvironmentKey {
  const known = hosts.filter(([, name]) => ({ ...compatible, ...presets[name] }).key === variable)
  return { variable, hosts: known.map(([end]) => end) }
}

/** The dialect of a named server, or of the one at an address; fields of `own` win. */
export function presetFor(baseURL: string, name: PresetName | undefined, own: Partial<Preset> = {}): Preset {
  const { hostname } = new URL(baseURL)
  const known = name ?? own.name ?? hosts.find(([end]) => isHostOf(hostname, [end]))?.[1] ?? 'compatible'
  return { ...compatible, name: known, ...presets[known], ...own }
}
