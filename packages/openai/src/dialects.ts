// Rules of servers for requests, as dated data by the name of their preset. Loaded with the first request.
// Last compared with its sources on 2026-11-27.
// Sources: the services' documentation and live errors in public reports, up to November 2026, named beside each entry.
import type { Dialect } from './dialect.js'
import type { Effort } from './model-families.js'
import type { Preset, PresetName } from './presets.js'

const usual: Dialect = {
  reasoningTurns: 'tool calls',
  systemMessages: 'anywhere',
  cacheKey: false,
  seed: 'seed',
  logprobs: (top_logprobs) => ({ logprobs: true, top_logprobs }),
  streamedLogprobs: true,
  refuses: [],
  // OpenAI's limit; shorter ids are accepted everywhere. NousResearch/hermes-agent#73492.
  maxIdLength: 40,
  namedToolChoice: true,
  refusalField: false,
  toolNames: false,
  thoughtSignatures: false,
  alwaysStreams: false,
  files: true,
  fileForm: 'file',
  fileAddresses: false,
  audio: true,
  // openai-openapi, August 2026.
  audioFormats: ['wav', 'mp3'],
  audioForm: 'object',
  imageAddresses: true,
  jsonObject: true,
  jsonWord: false,
  // nspady/google-calendar-mcp#39, langchain-ai/langchainjs#9804, goruck/home-generative-agent#545 (2025 and 2026), at OpenAI. Nobody
  // needs them but servers of one's own.
  alternatives: false,
  typedSchemas: false,
  strictMode: true,
  objectSchemas: false,
}

// Chat templates of models take one system message, at the beginning, and no two messages of one role in a row:
// can1357/oh-my-pi#958, charmbracelet/crush#279 (2025 and 2026). They make a grammar of every schema.
const template: Partial<Dialect> = { systemMessages: 'first', alternatives: true, strictMode: false }

// openai-openapi, August 2026: up to 4 stop sequences; at least 16 tokens in Responses. json_object needs the word, and schemas
// are objects: platform.openai.com, structured outputs.
const openai: Partial<Dialect> = {
  cacheKey: true,
  refusalField: true,
  maxStops: 4,
  minOutputTokens: 16,
  jsonWord: true,
  objectSchemas: true,
  // "Expected a base64-encoded data URL with an application/pdf MIME type […], but got unsupported MIME type 'text/plain'", Chat
  // Completions (2025 and 2026).
  fileTypes: ['application/pdf'],
}

const fewEfforts: Effort[] = ['none', 'low', 'medium', 'high']

const dialects: Partial<Record<PresetName, Partial<Dialect>>> = {
  openai: { ...openai, models: 'openai' },
  azure: { ...openai, models: 'azure' },
  // vllm, chat_completion/protocol.py: before 2026 only these efforts; a budget since 2026. entrypoints/chat_utils.py: no files, and
  // whatever audio its decoder reads.
  vllm: {
    ...template,
    files: false,
    audioFormats: 'any',
    efforts: fewEfforts,
    budget: (thinking_token_budget) => ({ thinking_token_budget }),
  },
  // llama.cpp, tools/server/server-common.cpp, 2026: no files; a budget; json_object without a schema constrains nothing;
  // "logprobs is not supported with tools + stream".
  'llama.cpp': {
    ...template,
    files: false,
    jsonObject: false,
    budget: (thinking_budget_tokens) => ({ thinking_budget_tokens }),
    streamedLogprobs: false,
  },
  // lmstudio-ai/lmstudio-bug-tracker#670 (2025), can1357/oh-my-pi#6925 (July 2026): tool_choice is a string.
  // HKUDS/DeepTutor#344 (April 2026), lmstudio-bug-tracker#189: response_format is json_schema or text.
  // lmstudio-bug-tracker#1120 (October 2025), cline/cline#9902 (March 2026): parts are text, and images as bytes.
  lmstudio: {
    ...template,
    namedToolChoice: false,
    files: false,
    audio: false,
    imageAddresses: false,
    jsonObject: false,
    efforts: fewEfforts,
  },
  // ollama/ollama, openai/openai.go, August 2026: tool_choice is ignored, images are bytes of these types, audio of any. Before
  // mid-2026 only these efforts.
  ollama: {
    ...template,
    refuses: ['toolChoice'],
    files: false,
    audioFormats: 'any',
    imageAddresses: false,
    imageTypes: ['image/jpeg', 'image/jpg', 'image/png', 'image/webp'],
    efforts: fewEfforts,
  },
  // janhq/jan#8136 (May 2026): refuses `reasoning_content`, takes `reasoning`.
  // logprobs: console.groq.com, OpenAI compatibility (2026).
  groq: { models: 'groq', reasoningField: 'reasoning', refuses: ['logprobs'] },
  // danny-avila/LibreChat#12836 (2026): reasoning must go back. Thinking mode: api-docs.deepseek.com.
  deepseek: {
    models: 'deepseek',
    reasoningTurns: 'all',
    reasoningField: 'reasoning_content',
    reasoningPlaceholder: '',
    reasoningOff: { thinking: { type: 'disabled' } },
    jsonWord: true,
    // "unknown variant `file`, expected `text`" (July 2026).
    files: false,
    audio: false,
  },
  // 422 for unknown fields: charmbracelet/crush#1590, BerriAI/litellm#30835 (2026). Order of roles: BerriAI/litellm#6323; a
  // last message of the assistant must have `prefix`. `random_seed`: docs.mistral.ai.
  mistral: {
    models: 'mistral',
    reasoningTurns: 'none',
    seed: 'random_seed',
    refuses: ['logprobs'],
    afterTools: 'OK.',
    prefill: 'prefix',
    // vercel/ai, mistral (2026), and docs.mistral.ai, audio: documents and sounds have forms of their own.
    fileForm: 'document_url',
    fileAddresses: true,
    audioForm: 'data',
    audioFormats: 'any',
  },
  // openrouter.ai/docs, reasoning tokens: an effort or a budget. Multimodal, PDF and audio: addresses, and these formats.
  openrouter: {
    budget: (max_tokens) => ({ reasoning: { max_tokens } }),
    fileAddresses: true,
    audioFormats: ['wav', 'mp3', 'aiff', 'aac', 'ogg', 'flac', 'm4a'],
  },
  // docs.together.ai, log-probabilities (2026): a number of alternatives, at least 1.
  together: { logprobs: (alternatives) => ({ logprobs: Math.max(1, alternatives) }) },
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
    typedSchemas: true,
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
  cerebras: {
    reasoningField: 'reasoning',
    maxStops: 4,
    maxTemperature: 1.5,
    // agno-agi/agno#6014 (January 2026): schemas must be closed. musistudio/claude-code-router#708 (August 2025): the keywords.
    schemaRefuses: ['minItems', 'maxItems', 'pattern'],
  },
  // n4ze3m/page-assist#418 (2026): no penalties. GoogleCloudPlatform/generative-ai#2947 (June 2026): no log-probabilities.
  // microsoft/vscode#299295: one result a call. NousResearch/hermes-agent#16482: results need a name. ai.google.dev, thought signatures.
  google: {
    models: 'google',
    reasoningTurns: 'none',
    refuses: ['frequencyPenalty', 'presencePenalty', 'logprobs'],
    toolNames: true,
    thoughtSignatures: true,
    budget: (thinking_budget) => ({ extra_body: { google: { thinking_config: { thinking_budget } } } }),
  },
}

/** The rules for a server. */
export function dialectOf({ name, dialect }: Preset): Dialect {
  return { ...usual, ...(name && dialects[name]), ...dialect }
}
