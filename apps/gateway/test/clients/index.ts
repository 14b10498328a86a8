// The clients people have, unchanged, each behind the few things every app does with them.
import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { ChatAnthropic } from '@langchain/anthropic'
import { ChatOllama } from '@langchain/ollama'
import { ChatOpenAI } from '@langchain/openai'
import { aiSdk } from './ai-sdk.js'
import { anthropic } from './anthropic.js'
import type { Client } from './client.js'
import { langchain } from './langchain.js'
import { ollama } from './ollama.js'
import { openaiChat, openaiResponses } from './openai.js'

/** All of them, for a gateway. */
export function clientsOf(url: string): Record<string, Client> {
  const apiKey = 'none'
  const ai = createOpenAI({ baseURL: `${url}/v1`, apiKey })
  const compatible = createOpenAICompatible({
    name: 'patchbay',
    baseURL: `${url}/v1`,
    supportsStructuredOutputs: true,
    includeUsage: true,
  })
  const claude = createAnthropic({ baseURL: `${url}/v1`, apiKey })
  const configuration = { baseURL: `${url}/v1` }
  return {
    'openai, chat completions': openaiChat(url),
    'openai, responses': openaiResponses(url),
    '@anthropic-ai/sdk': anthropic(url),
    ollama: ollama(url),
    'AI SDK, openai (responses)': aiSdk((model) => ai(model)),
    'AI SDK, openai (chat)': aiSdk((model) => ai.chat(model)),
    'AI SDK, openai-compatible': aiSdk((model) => compatible(model)),
    'AI SDK, anthropic': aiSdk((model) => claude(model)),
    'LangChain, openai': langchain(
      (model) => new ChatOpenAI({ model, apiKey, configuration, maxRetries: 0 }),
    ),
    'LangChain, openai (responses)': langchain(
      (model) => new ChatOpenAI({ model, apiKey, configuration, maxRetries: 0, useResponsesApi: true }),
    ),
    'LangChain, anthropic': langchain(
      (model) => new ChatAnthropic({ model, apiKey, anthropicApiUrl: url, maxRetries: 0 }),
    ),
    'LangChain, ollama': langchain((model) => new ChatOllama({ model, baseUrl: url, maxRetries: 0 })),
  }
}
