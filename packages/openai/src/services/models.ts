// The answer of GET /models: ids, and capabilities in each server's own fields.
// Sources: the services' API references, vllm and llama.cpp (tools/server), November 2026.
import type { Capabilities, ModelInfo, OptionName } from '@patchbay/core'
import { fieldsOf, objectsIn } from '@patchbay/core/wire'
import { notAnAnswer } from '../errors.js'

/**
 * The models of an answer.
 * @throws {LlmError} `bad-response` for anything but a list of models
 */
export function toModels(body: unknown, who: string): ModelInfo[] {
  // Together sends a bare list.
  const list = Array.isArray(body) ? body : fieldsOf(body).data
  if (!Array.isArray(list)) throw notAnAnswer(body, who)
  return objectsIn(list).flatMap(toModelInfo)
}

/**
 * The capabilities of one model of an answer.
 * @throws {LlmError} `bad-response` for anything but a list of models
 */
export function toReported(body: unknown, model: string, who: string): Partial<Capabilities> {
  const { capabilities, contextWindow, maxOutput, endOfLife } =
    toModels(body, who).find(({ id }) => id === model) ?? {}
  return {
    ...capabilities,
    ...(contextWindow !== undefined && { contextWindow }),
    ...(maxOutput !== undefined && { maxOutput }),
    ...(endOfLife !== undefined && { endOfLife }),
  }
}

type Json = Record<string, unknown>

// Fields of vLLM, OpenRouter and Together, Groq, Mistral; llama.cpp has the context of a slot and of the model in `meta`.
const contextFields = [
  'max_model_len',
  'context_length',
  'context_window',
  'max_context_length',
  'n_ctx',
  'n_ctx_train',
]

// Fields of OpenAI, Mistral and OpenRouter.
const endFields = ['shutdown_date', 'deprecation', 'expiration_date']

function toModelInfo(model: Json): ModelInfo[] {
  const { id, name } = model
  if (typeof id !== 'string') return []
  const all: Json = { ...fieldsOf(model.meta), ...model }
  const contextWindow = contextFields.map((key) => all[key]).find((value) => typeof value === 'number')
  const maxOutput = model.max_completion_tokens ?? fieldsOf(model.top_provider).max_completion_tokens
  const capabilities = toCapabilities(model)
  const endOfLife = endFields.map((key) => all[key]).find((value) => typeof value === 'string')
  return [
    {
      id,
      ...(typeof name === 'string' && { name }),
      ...(typeof contextWindow === 'number' && { contextWindow }),
      ...(typeof maxOutput === 'number' && { maxOutput }),
      ...(Object.keys(capabilities).length > 0 && { capabilities }),
      ...(typeof endOfLife === 'string' && { endOfLife: endOfLife.slice(0, 10) }),
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

/** Mistral lists abilities; OpenRouter, input modalities and supported parameters. */
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
      // OpenRouter itself reads documents for models that cannot.
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
