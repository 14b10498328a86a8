// Detects context overflow in a service's error. Each pattern matches texts that servers really send: overflow-texts.ts has
// them, with their sources; not-overflow-texts.ts has similar texts, and the servers for which it cannot be detected.

// Codes and types of OpenAI, Groq, Cerebras, our gateway; llama.cpp since September 2025; LiteLLM; Azure.
const codes = /context_length_exceeded|exceed_context_size_error|ContextWindowExceeded|ContextLengthExceeded/i

const overflows: RegExp[] = [
  // Anthropic, also through Bedrock and Vertex; Fireworks; Ollama.
  /prompt (is )?too long/i,
  // OpenAI, Azure, vLLM, DeepSeek, OpenRouter, Mistral, LiteLLM.
  /maximum context length/i,
  // Groq, Cerebras, vLLM, OpenAI.
  /reduce the length of the (messages|input|prompt)|input tokens exceed the configured limit/i,
  // Google.
  /input token count[^.]{0,40} exceeds the maximum/i,
  // xAI.
  /maximum prompt length is \d/i,
  // SGLang, Together, Ollama.
  /longer than the (model'?s )?context/i,
  // SGLang, Poolside.
  /exceeds the maximum allowed (input )?length/i,
  // GitHub Copilot.
  /token count of \d+ exceeds the limit/i,
  // LM Studio.
  /greater than the context length|loaded with context length of only/i,
  // MiniMax.
  /context window exceeds limit/i,
  // Moonshot, Kimi.
  /exceeded model token limit|token limit (reached|exceeded)/i,
  // Bedrock.
  /input is too long for requested model/i,
  // Text Generation Inference.
  /`inputs` (tokens \+ `max_new_tokens` must be <=|must have less than \d+ tokens)/i,
  // Alibaba.
  /range of input length should be/i,
  // Z.ai.
  /prompt exceeds max length/i,
  // llama.cpp before September 2025.
  /larger than the context size/i,
  // Cohere.
  /too many tokens: /i,
  // OpenAI's Responses, llama.cpp, llama-cpp-python, Ollama, Anthropic, and servers with the same wording.
  /exceeds? [^.\n]{0,60}?context (window|length|limit|size)/i,
]

// A rate or plan limit, whatever its unit.
const rates =
  /per[- ](min|minute|hour|day|month)\b|\bTP[MD]\b|rate.?limit|too many requests|wait before trying|(exceed|reach|insufficient)[^.]{0,40}\bquota|\bquota[^.]{0,20} (exceed|reach)/i

/** Does this error text mean that the conversation does not fit into the model's context? */
export function isOverflow(words: string): boolean {
  return codes.test(words) || (overflows.some((pattern) => pattern.test(words)) && !rates.test(words))
}

/** Is one of the overflow codes a value in this JSON? A code inside a longer string does not count. */
export function hasOverflowCode(json: string): boolean {
  return coded.test(json)
}

const coded = new RegExp(`[:,[]\\s*"(${codes.source})"`, 'i')

/** For the test that each pattern is needed. */
export const overflowPatterns: readonly RegExp[] = [codes, ...overflows]
