// Error texts that servers really send on context overflow: the evidence for overflow.ts. The public thread that shows a text
// is named, if there is one; dates are those of the thread or the release.

export interface ServerText {
  server: string
  /** Default 400. */
  status?: number
  /** The `code` or `type` beside the message, if it is meaningful. */
  code?: string
  text: string
  source: string
}

/** Errors that mean a context overflow. */
export const overflowTexts: ServerText[] = [
  {
    server: 'Anthropic',
    text: 'prompt is too long: 213462 tokens > 200000 maximum',
    source: 'platform.claude.com/docs/en/api/errors, earendil-works/pi overflow.ts, 2026',
  },
  {
    server: 'Anthropic',
    text: 'input length and `max_tokens` exceed context limit: 199759 + 8192 > 200000, decrease input length or `max_tokens` and try again',
    source: 'continuedev/continue#6080, 2025-06',
  },
  {
    server: 'OpenAI',
    code: 'context_length_exceeded',
    text: "This model's maximum context length is 128000 tokens. However, your messages resulted in 204308 tokens. Please reduce the length of the messages.",
    source: 'webtimemachine/wtm2#579, 2024-11',
  },
  {
    server: 'OpenAI',
    code: 'context_length_exceeded',
    text: 'Your input exceeds the context window of this model. Please adjust your input and try again.',
    source: 'the-open-agent/openagent#2344, 2026-06',
  },
  {
    server: 'OpenAI',
    text: 'Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 289650 tokens. Please reduce the length of the messages.',
    source: 'cline/cline#5474, 2025-08',
  },
  {
    server: 'Azure OpenAI',
    code: 'context_length_exceeded',
    text: "This model's maximum context length is 4096 tokens. However, your messages resulted in 4777 tokens. Please reduce the length of the messages.",
    source: 'crewAIInc/crewAI#701, 2024-05',
  },
  {
    server: 'Google',
    text: 'The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).',
    source: 'google-gemini/gemini-cli#4692, 2025-07',
  },
  {
    server: 'Google',
    text: 'The input token count exceeds the maximum number of tokens allowed (1048576).',
    source: 'arkavo-org/arkavo-edge#371, 2025-11',
  },
  {
    server: 'xAI',
    text: "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    source: 'cline/cline#3120, 2025-04',
  },
  {
    server: 'Groq',
    code: 'context_length_exceeded',
    text: 'Please reduce the length of the messages or completion.',
    source: 'OpenHands/OpenHands#1902, 2024-05',
  },
  {
    server: 'Cerebras',
    text: 'Please reduce the length of the messages or completion. Current length is 42328 while limit is 40000',
    source: 'cline/cline#5140, 2025-07',
  },
  {
    server: 'DeepSeek',
    text: "This model's maximum context length is 131072 tokens. However, you requested 131134 tokens (122942 in the messages, 8192 in the completion). Please reduce the length of the messages or completion.",
    source: 'evalstate/fast-agent#621, 2026-01',
  },
  {
    server: 'Mistral',
    text: 'Prompt contains 65673 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
    source: 'earendil-works/pi overflow.ts, 2026',
  },
  {
    server: 'OpenRouter',
    text: 'This endpoint\'s maximum context length is 131072 tokens. However, you requested about 180034 tokens (180034 of text input). Please reduce the length of either one, or use the "middle-out" transform to compress your prompt automatically.',
    source: 'earendil-works/pi overflow.ts, 2026',
  },
  {
    server: 'Poolside through OpenRouter',
    text: 'Input length 300000 exceeds the maximum allowed input length of 262112 tokens.',
    source: 'earendil-works/pi overflow.ts, 2026',
  },
  {
    server: 'Together',
    text: "The input (61709 tokens) is longer than the model's context length (40960 tokens).",
    source: 'earendil-works/pi overflow.ts, 2026',
  },
  {
    server: 'Fireworks',
    text: 'The prompt is too long: 40177, model maximum context length: 32767',
    source: 'fw-ai/cookbook#134, 2025-08',
  },
  {
    server: 'Moonshot, Kimi',
    text: 'Invalid request: Your request exceeded model token limit: 262144 (requested: 269030)',
    source: 'MoonshotAI/kimi-cli#2011, 2026-04',
  },
  {
    server: 'MiniMax',
    text: 'invalid params, context window exceeds limit (2013)',
    source: 'MiniMax-AI/MiniMax-M2#119, 2026-05',
  },
  {
    server: 'Z.ai',
    text: 'Prompt exceeds max length',
    source: 'tashfeenahmed/freellmapi#873, 2026-08',
  },
  {
    server: 'Alibaba',
    text: '<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 204800]',
    source: 'QwenLM/qwen-code#98, 2025-07',
  },
  {
    server: 'GitHub Copilot',
    text: 'prompt token count of 93854 exceeds the limit of 90000',
    source: 'jjleng/copilot-more#35, 2025-03',
  },
  {
    server: 'Amazon Bedrock',
    text: 'Input is too long for requested model.',
    source: 'aws-samples/bedrock-chat#95, 2023-12',
  },
  {
    server: 'Cohere',
    text: 'too many tokens: total number of tokens (prompt and prediction) cannot exceed 2048 - received 6354. Try using a shorter prompt or a smaller max_tokens value.',
    source: 'cohere-ai/sandbox-topically#4, 2022-11',
  },
  {
    server: 'llama.cpp',
    code: 'exceed_context_size_error',
    text: 'the request exceeds the available context size, try increasing it',
    source: 'continuedev/continue#9797, 2026-01',
  },
  {
    server: 'llama.cpp',
    status: 500,
    text: 'the request exceeds the available context size. try increasing the context size or enable context shift',
    source: 'ggml-org/llama.cpp#15780, 2025-09',
  },
  {
    server: 'llama.cpp',
    text: 'the request is larger than the context size',
    source: 'servers before ggml-org/llama.cpp#15780, 2025-09',
  },
  {
    server: 'llama-cpp-python',
    status: 500,
    text: 'Requested tokens (2285) exceed context window of 2048',
    source: 'fedora-copr/logdetective-website#193, 2025',
  },
  {
    server: 'vLLM',
    text: "This model's maximum context length is 262144 tokens. However, you requested 128000 output tokens and your prompt contains at least 134145 input tokens, for a total of at least 262145 tokens. Please reduce the length of the input prompt or the number of requested output tokens.",
    source: 'AIDotNet/OpenCowork#82, 2026-04',
  },
  {
    server: 'SGLang',
    text: "The input (61709 tokens) is longer than the model's context length (40960 tokens).",
    source: 'QwenLM/Qwen3#1321, 2025-04',
  },
  {
    server: 'SGLang',
    text: 'Input length (160062 tokens) exceeds the maximum allowed length (59862 tokens). Use a shorter input or enable --allow-auto-truncate.',
    source: 'sgl-project/sglang#4048, 2025-03',
  },
  {
    server: 'Text Generation Inference',
    status: 422,
    text: 'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 1244 `inputs` tokens and 1000 `max_new_tokens`',
    source: 'huggingface/text-generation-inference#628, 2023-07',
  },
  {
    server: 'Text Generation Inference',
    status: 422,
    text: 'Input validation error: `inputs` must have less than 1024 tokens. Given: 1872',
    source: 'huggingface/text-generation-inference#937, 2023-08',
  },
  {
    server: 'LM Studio',
    text: 'The number of tokens to keep from the initial prompt is greater than the context length. Try to load the model with a larger context length, or provide a shorter input',
    source: 'anomalyco/opencode#2259, 2025-08',
  },
  {
    server: 'LM Studio',
    text: 'Trying to keep the first 111490 tokens when context the overflows. However, the model is loaded with context length of only 32768 tokens, which is not enough.',
    source: 'lmstudio-ai/lmstudio-bug-tracker#546, 2025-03',
  },
  {
    server: 'Ollama',
    text: 'the input length exceeds the context length',
    source: 'ollama/ollama server/routes.go, 2026-08',
  },
  {
    server: 'Ollama',
    text: 'the prompt is longer than the context length',
    source: 'ollama/ollama server/routes.go, 2026-08',
  },
  {
    server: 'Ollama',
    text: 'prompt too long; exceeded max context length by 512 tokens',
    source: 'earendil-works/pi overflow.ts, 2026',
  },
  {
    server: 'LiteLLM',
    text: "Requested token count exceeds the model's maximum context length of 131072 tokens.",
    source: 'earendil-works/pi overflow.ts, 2026',
  },
  {
    server: 'LiteLLM',
    text: 'litellm.ContextWindowExceededError: Hosted_vllmException - the input does not fit',
    source: 'getkimchi/kimchi#794, 2026-07',
  },
  {
    server: 'some compatible servers',
    text: 'Token limit reached',
    source: 'an earlier test of ours, whose origin is not noted',
  },
]
