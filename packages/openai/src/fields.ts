// The fields of requests to OpenAI's APIs, for the names in `providerOptions.openai`.
import type { OptionNames } from '@patchbay/core/wire'
import type OpenAI from 'openai'

type ChatBody = OpenAI.ChatCompletionCreateParamsNonStreaming
type ResponsesBody = OpenAI.Responses.ResponseCreateParamsNonStreaming

// Typed by the official client: a new field does not compile until it is listed.
const both: OptionNames<Pick<ChatBody, keyof ChatBody & keyof ResponsesBody>> = {
  ...{ model: true, metadata: true, moderation: true, parallel_tool_calls: true, prompt_cache_key: true },
  ...{
    prompt_cache_options: true,
    prompt_cache_retention: true,
    safety_identifier: true,
    service_tier: true,
  },
  ...{ store: true, stream: true, stream_options: true, temperature: true, tool_choice: true, tools: true },
  ...{ top_logprobs: true, top_p: true, user: true },
}

const chat: OptionNames<ChatBody> = {
  ...both,
  ...{ messages: true, audio: true, frequency_penalty: true, function_call: true, functions: true },
  ...{ logit_bias: true, logprobs: true, max_completion_tokens: true, max_tokens: true, modalities: true },
  ...{ n: true, prediction: true, presence_penalty: true, reasoning_effort: true, response_format: true },
  ...{ seed: true, stop: true, verbosity: true, web_search_options: true },
}
const responses: OptionNames<ResponsesBody> = {
  ...both,
  ...{ background: true, context_management: true, conversation: true, include: true, input: true },
  ...{ instructions: true, max_output_tokens: true, previous_response_id: true, prompt: true },
  ...{ reasoning: true, text: true, truncation: true },
}

// Those that OpenRouter, vLLM and llama.cpp have beside OpenAI's. Sources: their API references, November 2026.
const others = [
  ...['models', 'route', 'provider', 'plugins', 'transforms', 'usage', 'include_reasoning', 'top_k', 'min_p'],
  ...['repetition_penalty', 'chat_template_kwargs', 'structured_outputs', 'guided_json', 'guided_regex'],
  ...['guided_choice', 'guided_grammar', 'stop_token_ids', 'ignore_eos', 'cache_prompt', 'repeat_penalty'],
]

/** The names of all fields of each API. */
export const fieldNames = { chat: [...Object.keys(chat), ...others], responses: Object.keys(responses) }
