// Our backends, one for each family of models and API, each with the strict service that it speaks to.
import { claude } from '@patchbay/claude'
import type { Provider } from '@patchbay/core'
import { gemini } from '@patchbay/gemini'
import { ollama } from '@patchbay/ollama'
import { openai, type PresetName } from '@patchbay/openai'
import {
  type ServiceName,
  type StrictService,
  strictService,
} from '../../../packages/testing/src/services/index.js'
import { inMemory as startInMemory } from './in-memory.js'

/** A backend with one model, and its service. */
export interface Target {
  service: ServiceName
  make(service: StrictService, more: { fetch?: typeof fetch; media?: false }): Provider
}

const options = { apiKey: 'sk-strict', retry: false } as const

const ofClaude = (model: string): Target => ({
  service: 'anthropic',
  make: ({ url }, more) => claude(model, { ...options, ...more, baseURL: url }),
})
const ofBedrock = (model: string): Target => ({
  service: 'bedrock',
  make: ({ url }, more) => claude(model, { ...options, ...more, host: 'bedrock', baseURL: url }),
})
const ofVertex = (model: string): Target => ({
  service: 'vertex',
  make: ({ baseURL }, more) =>
    claude(model, {
      ...{ host: 'vertex', project: 'p', headers: { authorization: 'Bearer strict' }, retry: false },
      ...{ ...more, baseURL },
    }),
})
const ofOpenAI = (model: string, api: 'chat' | 'responses'): Target => ({
  service: `openai-${api}`,
  make: ({ baseURL }, more) => openai(model, { ...options, ...more, baseURL, api, preset: 'openai' }),
})
const compatible = (service: ServiceName, model: string, preset: PresetName): Target => ({
  service,
  make: ({ baseURL }, more) => openai(model, { ...options, ...more, baseURL, preset }),
})
const ofAzure = (model: string, path: string, api: 'chat' | 'responses'): Target => ({
  service: 'azure',
  make: ({ url }, more) =>
    openai(model, { ...options, ...more, baseURL: `${url}${path}`, api, preset: 'azure' }),
})
const ofGemini = (model: string): Target => ({
  service: 'gemini-api',
  make: ({ url }, more) => gemini(model, { ...options, ...more, baseURL: url }),
})
const ofOllama = (model: string): Target => ({
  service: 'ollama',
  make: ({ url }, more) => ollama(model, { ...options, ...more, baseURL: url }),
})

const claudes = [
  'claude-sonnet-5',
  'claude-sonnet-5-5',
  'claude-haiku-5-5',
  'claude-opus-5-5',
  'claude-opus-5',
  'claude-opus-4-7',
  'claude-sonnet-4-6',
  'claude-haiku-4-5',
]
const bedrocks = [
  'global.anthropic.claude-opus-5-5',
  'us.anthropic.claude-opus-4-6-v1',
  'eu.anthropic.claude-sonnet-4-5-20250929-v1:0',
]
const vertexes = ['claude-sonnet-5-5', 'claude-opus-4-6', 'claude-haiku-4-5@20251001']
const geminis = ['gemini-3.6-flash', 'gemini-3.1-pro-preview', 'gemini-2.5-flash', 'gemini-2.5-pro']
const gpts = ['gpt-4o', 'gpt-5', 'gpt-5.1', 'gpt-5.4', 'gpt-5.6', 'gpt-6-astra', 'o3']

export const targets: Record<string, Target> = {
  ...Object.fromEntries(claudes.map((model) => [model, ofClaude(model)])),
  ...Object.fromEntries(bedrocks.map((model) => [`${model}, Bedrock`, ofBedrock(model)])),
  ...Object.fromEntries(vertexes.map((model) => [`${model}, Vertex AI`, ofVertex(model)])),
  ...Object.fromEntries(geminis.map((model) => [`${model}, its own API`, ofGemini(model)])),
  ...Object.fromEntries(gpts.map((model) => [`${model}, Responses`, ofOpenAI(model, 'responses')])),
  ...Object.fromEntries(gpts.map((model) => [`${model}, Chat`, ofOpenAI(model, 'chat')])),
  deepseek: compatible('deepseek', 'deepseek-v4-pro', 'deepseek'),
  mistral: compatible('mistral', 'mistral-large-latest', 'mistral'),
  groq: compatible('groq', 'openai/gpt-oss-120b', 'groq'),
  xai: compatible('xai', 'grok-4', 'xai'),
  gemini: compatible('gemini', 'gemini-3-pro', 'google'),
  moonshot: compatible('moonshot', 'kimi-k2.5', 'moonshot'),
  cerebras: compatible('cerebras', 'gpt-oss-120b', 'cerebras'),
  vllm: compatible('vllm', 'any', 'vllm'),
  'llama.cpp': compatible('llama.cpp', 'any', 'llama.cpp'),
  openrouter: compatible('openrouter', 'openai/gpt-oss-120b', 'openrouter'),
  lmstudio: compatible('lmstudio', 'qwen/qwen3-4b', 'lmstudio'),
  'ollama, Chat': compatible('ollama', 'qwen3:0.6b', 'ollama'),
  'azure, Chat': ofAzure('gpt-4o', '/openai/deployments/gpt-4o?api-version=2024-10-21', 'chat'),
  'azure, Responses': ofAzure('gpt-5.1', '/openai/v1', 'responses'),
  ...Object.fromEntries(
    ['qwen3:0.6b', 'gemma3:1b', 'gemma4:e2b'].map((model) => [`ollama ${model}`, ofOllama(model)]),
  ),
}

/** Answers that think and call a tool where the request has tools, then speak. */
const script = (body: Readonly<Record<string, unknown>>) => {
  const text = JSON.stringify(body.messages ?? body.input)
  const hasTools = Array.isArray(body.tools) && body.tools.length > 0
  const isSecond = /"(tool_result|function_call_output|tool)"/.test(text)
  if (hasTools && !isSecond) return { reasoning: 'Hm.', toolCalls: [{ name: 'look', input: { at: 'it' } }] }
  return { reasoning: 'Hm.', text: '{"a":"b","b":1}' }
}

/** Starts the services and makes the providers. `inMemory`: without sockets, for thousands of conversations. */
export async function open({
  inMemory = false,
}: {
  inMemory?: boolean
} = {}): Promise<{ name: string; provider: Provider; service: StrictService }[]> {
  return Promise.all(
    Object.entries(targets).map(async ([name, { service, make }]) => {
      if (inMemory) {
        const { service: started, fetch } = startInMemory(service, script)
        return { name, provider: make(started, { fetch }), service: started }
      }
      const started = await strictService(service, { script })
      return { name, provider: make(started, {}), service: started }
    }),
  )
}
