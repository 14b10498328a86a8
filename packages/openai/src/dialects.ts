// What servers take and refuse in requests, as dated data by the name of their preset. Loaded with the first request.
// Sources: the services' documentation and live errors in public reports, up to November 2026, named beside each entry.
import type { OptionName } from '@patchbay/core'
import type { Effort, Vendor } from './models.js'
import type { Preset, PresetName } from './presets.js'

/** Rules for the requests to a server. */
export interface Dialect {
  /** The table that its models are looked up in. Default: none. */
  models?: Vendor
  /** Which turns get their reasoning back: none, those with tool calls, or all once there are tool calls. */
  reasoningTurns: 'none' | 'tool calls' | 'all'
  /** The only field for reasoning. Default: the field it came in. */
  reasoningField?: string
  /** The text of that field for a turn without reasoning. Default: no field. */
  reasoningPlaceholder?: string
  /** Whether system messages may stand anywhere, or only one at the beginning. */
  systemMessages: 'anywhere' | 'first'
  /** The field for `seed`. */
  seed: 'seed' | 'random_seed'
  /** The values of `reasoning_effort` for models that no table has. Default: all but `max`. */
  efforts?: readonly Effort[]
  /** Fields that turn reasoning off. Default: `reasoning_effort: 'none'`. */
  reasoningOff?: Record<string, unknown>
  /** Fields that turn reasoning on, for models without levels. Default: `reasoning_effort`. */
  reasoningOn?: Record<string, unknown>
  /** The fields for a budget of reasoning tokens. Default: not supported. */
  budget?: (tokens: number) => Record<string, unknown>
  /** Options that it refuses for all models. */
  refuses: readonly OptionName[]
  /** The longest id of a tool call on Chat Completions, in characters. */
  maxIdLength: number
  /** The most stop sequences. */
  maxStops?: number
  /** The highest temperature. */
  maxTemperature?: number
  /** Whether `tool_choice` may name a tool. */
  namedToolChoice: boolean
  /** Whether assistant messages have a field `refusal`. */
  refusalField: boolean
  /** Whether tool messages have a field `name`. */
  toolNames: boolean
  /** Whether calls must have a thought signature: Gemini's, from version 3. */
  thoughtSignatures: boolean
  /** Text of an assistant message between a tool message and a user message, which may not be neighbours. */
  afterTools?: string
  /** The field that marks an assistant message at the end, which the model continues. */
  prefill?: string
  /** Whether answers must be streamed. */
  alwaysStreams: boolean
  /** Whether messages may contain files. */
  files: boolean
  /** Whether `response_format: { type: 'json_object' }` needs the word JSON in the messages. */
  jsonWord: boolean
  /** The fewest tokens for an answer in the Responses API. */
  minOutputTokens?: number
}

const usual: Dialect = {
  reasoningTurns: 'tool calls',
  systemMessages: 'anywhere',
  seed: 'seed',
  refuses: [],
  // OpenAI's limit; shorter ids are accepted everywhere. NousResearch/hermes-agent#73492.
  maxIdLength: 40,
  namedToolChoice: true,
  refusalField: false,
  toolNames: false,
  thoughtSignatures: false,
  alwaysStreams: false,
  files: true,
  jsonWord: false,
}

// Chat templates of models take one system message, at the beginning, and no two messages of one role in a row:
// can1357/oh-my-pi#958, charmbracelet/crush#279 (2025 and 2026).
const template: Partial<Dialect> = { systemMessages: 'first' }

const fewEfforts: Effort[] = ['none', 'low', 'medium', 'high']

const dialects: Partial<Record<PresetName, Partial<Dialect>>> = {
  // openai-openapi, August 2026: up to 4 stop sequences; at least 16 tokens in Responses; json_object needs the word.
  openai: { models: 'openai', refusalField: true, maxStops: 4, minOutputTokens: 16, jsonWord: true },
  azure: { models: 'azure', refusalField: true, maxStops: 4, minOutputTokens: 16, jsonWord: true },
  // vllm, chat_completion/protocol.py: before 2026 only these efforts; a budget since 2026.
  vllm: {
    ...template,
    efforts: fewEfforts,
    budget: (thinking_token_budget) => ({ thinking_token_budget }),
  },
  // llama.cpp, tools/server, 2026: no files.
  'llama.cpp': { ...template, files: false },
  // lmstudio-ai/lmstudio-bug-tracker#670 (2025), can1357/oh-my-pi#6925 (July 2026): tool_choice is a string.
  lmstudio: { ...template, namedToolChoice: false, efforts: fewEfforts },
  ollama: template,
  // janhq/jan#8136 (May 2026): refuses `reasoning_content`, takes `reasoning`.
  groq: { models: 'groq', reasoningField: 'reasoning' },
  // danny-avila/LibreChat#12836 (2026): reasoning must go back. Thinking mode: api-docs.deepseek.com.
  deepseek: {
    models: 'deepseek',
    reasoningTurns: 'all',
    reasoningField: 'reasoning_content',
    reasoningPlaceholder: '',
    reasoningOff: { thinking: { type: 'disabled' } },
    jsonWord: true,
  },
  // 422 for unknown fields: charmbracelet/crush#1590, BerriAI/litellm#30835 (2026). Order of roles: BerriAI/litellm#6323; a
  // last message of the assistant must have `prefix`. `random_seed`: docs.mistral.ai.
  mistral: {
    models: 'mistral',
    reasoningTurns: 'none',
    seed: 'random_seed',
    afterTools: 'OK.',
    prefill: 'prefix',
  },
  // openrouter.ai/docs, reasoning tokens: an effort or a budget.
  openrouter: { budget: (max_tokens) => ({ reasoning: { max_tokens } }) },
  xai: { models: 'xai' },
  // continuedev/continue#11600 (March 2026): reasoning must go back with tool calls; earendil-works/pi#4251: and not be empty.
  moonshot: {
    models: 'moonshot',
    reasoningField: 'reasoning_content',
    reasoningPlaceholder: '.',
    // Its own ids contain the name of the tool, and come back as they are: maximhq/bifrost#5097 (July 2026).
    maxIdLength: 200,
    reasoningOff: { thinking: { type: 'disabled' } },
    reasoningOn: { thinking: { type: 'enabled' } },
    jsonWord: true,
  },
  // alibabacloud.com, Model Studio, error codes, September 2026: models that think only stream.
  alibaba: {
    models: 'alibaba',
    alwaysStreams: true,
    reasoningOff: { enable_thinking: false },
    reasoningOn: { enable_thinking: true },
    budget: (thinking_budget) => ({ enable_thinking: true, thinking_budget }),
    jsonWord: true,
  },
  // proxysoul/Empryo#209 (September 2026): refuses `reasoning_content`, takes `reasoning`. Limits: Cerebras
  // documentation, December 2025.
  cerebras: { reasoningField: 'reasoning', maxStops: 4, maxTemperature: 1.5 },
  // n4ze3m/page-assist#418 (2026): no penalties. microsoft/vscode#299295: one result a call. NousResearch/hermes-agent#16482:
  // results need a name. ai.google.dev, thought signatures.
  google: {
    models: 'google',
    reasoningTurns: 'none',
    refuses: ['frequencyPenalty', 'presencePenalty'],
    toolNames: true,
    thoughtSignatures: true,
    budget: (thinking_budget) => ({ extra_body: { google: { thinking_config: { thinking_budget } } } }),
  },
}

/** The rules for a server. */
export function dialectOf({ name, dialect }: Preset): Dialect {
  return { ...usual, ...(name && dialects[name]), ...dialect }
}
