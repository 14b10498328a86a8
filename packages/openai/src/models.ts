// What servers say of their models at /models: their ids, and, each in its own words, what the models can do.
// Sources: the services' API references, vllm and llama.cpp (tools/server), November 2026.
import {
  type CallOptions,
  type Capabilities,
  isLlmError,
  type ModelInfo,
  type OptionName,
  type Provider,
} from '@patchbay/core'
import { notAnAnswer } from './errors.js'

interface WireModel {
  id: string
  name?: string
  /** vLLM. */
  max_model_len?: number
  /** OpenRouter, Together. */
  context_length?: number
  /** Groq. */
  context_window?: number
  max_completion_tokens?: number
  /** Mistral. */
  max_context_length?: number
  capabilities?: { function_calling?: boolean; vision?: boolean } | string[]
  /** llama.cpp: what a slot holds, and what the model was trained for. */
  meta?: { n_ctx?: number; n_ctx_train?: number } | null
  /** OpenRouter. */
  architecture?: { input_modalities?: string[] }
  supported_parameters?: string[]
  top_provider?: { max_completion_tokens?: number | null }
}

/** @throws {LlmError} `bad-response` for anything but a list of models */
export function toModels(body: unknown, who: string): ModelInfo[] {
  // Together sends the bare list.
  const list = Array.isArray(body) ? body : (body as { data?: unknown } | null)?.data
  if (!Array.isArray(list)) throw notAnAnswer(body, who)
  return list.map(toModelInfo)
}

/**
 * The same provider, whose `capabilities()` asks the server what it says of the model, once. Calls do not ask: what a
 * server keeps to itself is no reason to refuse them, and it answers for itself.
 */
export function asToldByServer(provider: Provider): Provider {
  const own = provider.capabilities.bind(provider)
  let told: Partial<ModelInfo> | undefined
  const ask = async (options: CallOptions | undefined): Promise<Partial<ModelInfo>> => {
    try {
      const models = await provider.models(options)
      return models.find(({ id }) => id === provider.model) ?? {}
    } catch (error) {
      // A server that answered, but has no such list, tells nothing; one that is not there is an error.
      if (isLlmError(error, 'bad-response') || isLlmError(error, 'not-found')) return {}
      throw error
    }
  }
  const capabilities: Provider['capabilities'] = async (options) => {
    const known = await own(options)
    told ??= await ask(options)
    const { contextWindow, maxOutput } = told
    return {
      ...known,
      ...told.capabilities,
      options: { ...known.options, ...told.capabilities?.options },
      ...(contextWindow !== undefined && { contextWindow }),
      ...(maxOutput !== undefined && { maxOutput }),
    }
  }
  return Object.assign(provider, { capabilities })
}

function toModelInfo(model: WireModel): ModelInfo {
  const { id, name, meta } = model
  const contextWindow =
    model.max_model_len ??
    model.context_length ??
    model.context_window ??
    model.max_context_length ??
    meta?.n_ctx ??
    meta?.n_ctx_train
  const maxOutput = model.max_completion_tokens ?? model.top_provider?.max_completion_tokens ?? undefined
  const capabilities = toCapabilities(model)
  return {
    id,
    ...(name !== undefined && { name }),
    ...(contextWindow !== undefined && { contextWindow }),
    ...(maxOutput !== undefined && { maxOutput }),
    ...(Object.keys(capabilities).length > 0 && { capabilities }),
  }
}

const optionNames: Record<string, OptionName> = {
  temperature: 'temperature',
  top_p: 'topP',
  top_k: 'topK',
  min_p: 'minP',
  seed: 'seed',
  stop: 'stop',
  frequency_penalty: 'frequencyPenalty',
  presence_penalty: 'presencePenalty',
}

function toCapabilities({
  capabilities,
  architecture,
  supported_parameters,
}: WireModel): Partial<Capabilities> {
  const able = Array.isArray(capabilities) ? {} : (capabilities ?? {})
  const modalities = architecture?.input_modalities
  const takes = supported_parameters && new Set(supported_parameters)
  return {
    ...(able.function_calling !== undefined && { tools: able.function_calling }),
    ...(able.vision !== undefined && { vision: able.vision }),
    ...(modalities && {
      vision: modalities.includes('image'),
      // It reads documents itself for models that cannot.
      files: modalities.includes('file') || 'unknown',
      audio: modalities.includes('audio'),
    }),
    ...(takes && {
      tools: takes.has('tools'),
      json: takes.has('structured_outputs') || takes.has('response_format'),
      reasoning: takes.has('reasoning'),
      options: Object.fromEntries(Object.entries(optionNames).map(([wire, name]) => [name, takes.has(wire)])),
    }),
  }
}
