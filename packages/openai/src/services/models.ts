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
import { fieldsOf, objectsIn } from '@patchbay/core/wire'
import { notAnAnswer } from '../errors.js'

/** @throws {LlmError} `bad-response` for anything but a list of models */
export function toModels(body: unknown, who: string): ModelInfo[] {
  // Together sends the bare list.
  const list = Array.isArray(body) ? body : fieldsOf(body).data
  if (!Array.isArray(list)) throw notAnAnswer(body, who)
  return objectsIn(list).flatMap(toModelInfo)
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

type Json = Record<string, unknown>

// The names of a number: vLLM, OpenRouter and Together, Groq, Mistral; llama.cpp says in `meta` what a slot holds, and what
// the model was trained for.
const windows = [
  'max_model_len',
  'context_length',
  'context_window',
  'max_context_length',
  'n_ctx',
  'n_ctx_train',
]

function toModelInfo(model: Json): ModelInfo[] {
  const { id, name } = model
  if (typeof id !== 'string') return []
  const all: Json = { ...fieldsOf(model.meta), ...model }
  const contextWindow = windows.map((key) => all[key]).find((value) => typeof value === 'number')
  const maxOutput = model.max_completion_tokens ?? fieldsOf(model.top_provider).max_completion_tokens
  const capabilities = toCapabilities(model)
  return [
    {
      id,
      ...(typeof name === 'string' && { name }),
      ...(typeof contextWindow === 'number' && { contextWindow }),
      ...(typeof maxOutput === 'number' && { maxOutput }),
      ...(Object.keys(capabilities).length > 0 && { capabilities }),
    },
  ]
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

/** Mistral says what a model can; OpenRouter, what goes in and which options it takes. */
function toCapabilities({ capabilities, architecture, supported_parameters }: Json): Partial<Capabilities> {
  const { function_calling: tools, vision } = fieldsOf(capabilities)
  const { input_modalities: given } = fieldsOf(architecture)
  const modalities: unknown[] | undefined = Array.isArray(given) ? given : undefined
  const takes = Array.isArray(supported_parameters) ? new Set<unknown>(supported_parameters) : undefined
  return {
    ...(typeof tools === 'boolean' && { tools }),
    ...(typeof vision === 'boolean' && { vision }),
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
