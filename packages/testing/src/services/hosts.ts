// The services by name: their protocols, rules and the shape of their errors.
import type { ChatDialect } from './answers/chat.js'
import { bedrockForm, type CloudForm, vertexForm } from './cloud-forms.js'
import type { Json, Problem, Rule } from './rule.js'
import { anthropicMessages } from './rules/anthropic-messages.js'
import { anthropicOptions } from './rules/anthropic-options.js'
import { anthropicPrefill } from './rules/anthropic-prefill.js'
import { anthropicTools } from './rules/anthropic-tools.js'
import { azureAddresses } from './rules/azure.js'
import { bedrock, vertex } from './rules/claude-clouds.js'
import { cerebras, groq, mistral, xai } from './rules/closed-hosts.js'
import { geminiApi } from './rules/gemini-api.js'
import { lmStudio } from './rules/lm-studio.js'
import { deepseekMedia, lmStudioMedia, mistralMedia, openaiMedia, vllmMedia } from './rules/media.js'
import { llamaServer, openrouter, vllm } from './rules/model-servers.js'
import { ollamaChat, ollamaNative } from './rules/ollama.js'
import { openaiChat } from './rules/openai-chat.js'
import { openaiResponses } from './rules/openai-responses.js'
import { strictSchema } from './rules/strict-schema.js'
import { deepseek, gemini, moonshot, moonshotSchemas } from './rules/thinking-hosts.js'

/** One API of a service. */
export interface Api {
  protocol: 'anthropic' | 'chat' | 'responses' | 'ollama' | 'gemini'
  /** Its usual path. */
  path: string
  rules: readonly Rule[]
}

/** How a service speaks and what it refuses. */
export interface Host {
  /** The first one whose `at` matches the path; one without `at` takes every path. */
  apis: readonly (Api & { at?: RegExp })[]
  /** The path of its `baseURL`. Default `/v1`. */
  base?: string
  /** The body of a refusal. */
  error(problem: Problem & { status: number }, path: string): unknown
  /** Headers of a refusal. */
  errorHeaders?(problem: Problem): Record<string, string>
  /** Of a cloud that has Claude: how its requests are written. The rules of its APIs are about that; the maker's rules hold too. */
  cloud?: CloudForm & { maker: readonly Rule[] }
  dialect?: ChatDialect
  /** The id of the n-th tool call. Default `call_n`. */
  callId?(n: number): string
}

const openaiError = ({ message, param = '', code = '' }: Problem): Json => ({
  error: { message, type: 'invalid_request_error', param: param || null, code: code || null },
})
const chatApi = (rules: readonly Rule[], path = '/v1/chat/completions'): Api => ({
  protocol: 'chat',
  path,
  rules,
})
const chat = (rules: readonly Rule[], more: Partial<Host> = {}): Host => ({
  apis: [chatApi(rules)],
  error: openaiError,
  ...more,
})
const openaiRules = [...openaiChat, ...openaiMedia, ...strictSchema('chat')]
const responsesRules = [...openaiResponses, ...strictSchema('responses')]

const anthropicRules = [...anthropicOptions, ...anthropicMessages, ...anthropicTools, ...anthropicPrefill]
// A cloud has other credentials.
const onClouds = anthropicRules.filter(({ id }) => id !== 'anthropic/auth')
const anthropicError: Host['error'] = ({ message, status }) => ({
  type: 'error',
  error: { type: errorTypes[status] ?? 'invalid_request_error', message },
  request_id: 'req_strict',
})

/** The name of a service that `strictService` can be. */
export type ServiceName =
  | 'anthropic'
  | 'bedrock'
  | 'vertex'
  | 'openai-chat'
  | 'openai-responses'
  | 'gemini'
  | 'gemini-api'
  | 'deepseek'
  | 'mistral'
  | 'groq'
  | 'xai'
  | 'openrouter'
  | 'moonshot'
  | 'cerebras'
  | 'azure'
  | 'vllm'
  | 'llama.cpp'
  | 'lmstudio'
  | 'ollama'

export const hosts: Readonly<Record<ServiceName, Host>> = {
  anthropic: {
    apis: [
      {
        protocol: 'anthropic',
        path: '/v1/messages',
        rules: anthropicRules,
      },
    ],
    error: anthropicError,
    callId: (n) => `toolu_${n}`,
  },
  bedrock: {
    base: '',
    apis: [{ protocol: 'anthropic', path: '/model/anthropic.claude-x/invoke', rules: bedrock }],
    cloud: { ...bedrockForm, maker: onClouds },
    error: ({ message }) => ({ message }),
    errorHeaders: ({ code = 'ValidationException' }) => ({
      'x-amzn-errortype': `${code}:http://internal.amazon.com/coral/com.amazon.bedrock/`,
    }),
    callId: (n) => `toolu_bdrk_${n}`,
  },
  vertex: {
    apis: [
      {
        protocol: 'anthropic',
        path: '/v1/projects/p/locations/global/publishers/anthropic/models/claude-x:rawPredict',
        rules: vertex,
      },
    ],
    cloud: { ...vertexForm, maker: onClouds },
    error: anthropicError,
    callId: (n) => `toolu_vrtx_${n}`,
  },
  'openai-chat': chat(openaiRules),
  'openai-responses': {
    apis: [{ protocol: 'responses', path: '/v1/responses', rules: responsesRules }],
    error: openaiError,
  },
  gemini: chat(gemini, {
    error: ({ message, status }) => [{ error: { code: status, message, status: 'INVALID_ARGUMENT' } }],
    dialect: { callState: { extra_content: { google: { thought_signature: 'c3RyaWN0' } } } },
  }),
  'gemini-api': {
    apis: [{ protocol: 'gemini', path: '/v1beta/models/gemini-3.6-flash:generateContent', rules: geminiApi }],
    error: ({ message, status }) => ({ error: { code: status, message, status: 'INVALID_ARGUMENT' } }),
    callId: (n) => `fc_${n}`,
  },
  deepseek: chat([...deepseek, ...deepseekMedia]),
  mistral: chat([...mistral, ...mistralMedia], {
    error: ({ message, param, code, status }) =>
      status === 422
        ? {
            object: 'error',
            message: { detail: [{ type: code, loc: ['body', ...String(param).split('.')], msg: message }] },
            type: 'invalid_request_error',
          }
        : { object: 'error', message, type: 'invalid_request_message_order', param: null, code },
    callId: (n) => `call${String(n).padStart(5, '0')}`,
  }),
  groq: chat(groq, { dialect: { reasoning: 'reasoning' } }),
  xai: chat(xai, {
    error: ({ message }) => ({ code: 'Client specified an invalid argument', error: message }),
  }),
  openrouter: chat(openrouter, {
    error: ({ message, status }) => ({ error: { message, code: status } }),
    dialect: { reasoning: 'reasoning' },
  }),
  moonshot: chat([...moonshot, ...moonshotSchemas], {
    error: ({ message }) => ({ error: { message, type: 'invalid_request_error' } }),
    callId: (n) => `functions.call:${n}`,
  }),
  cerebras: chat(cerebras, {
    error: ({ message, param, code }) => ({ message, type: 'invalid_request_error', param, code }),
    dialect: { reasoning: 'reasoning' },
  }),
  azure: {
    base: '/openai/v1',
    apis: [
      {
        protocol: 'responses',
        path: '/openai/v1/responses',
        at: /\/responses\b/,
        rules: [...azureAddresses, ...responsesRules],
      },
      chatApi([...azureAddresses, ...openaiRules], '/openai/v1/chat/completions'),
    ],
    error: ({ message, code }) => ({ error: { code: code ?? 'BadRequest', message } }),
  },
  vllm: chat([...vllm, ...vllmMedia], {
    error: ({ message, status }) => ({
      error: { message, type: 'BadRequestError', param: null, code: status },
    }),
  }),
  'llama.cpp': chat(llamaServer, {
    error: ({ message, status }) => ({ error: { code: status, message, type: 'invalid_request_error' } }),
  }),
  lmstudio: chat([...lmStudio, ...lmStudioMedia], { error: ({ message }) => ({ error: message }) }),
  ollama: {
    apis: [
      { protocol: 'ollama', path: '/api/chat', at: /^\/api\//, rules: ollamaNative },
      chatApi(ollamaChat),
    ],
    error: (problem, path) => (path.startsWith('/api/') ? { error: problem.message } : openaiError(problem)),
    dialect: { reasoning: 'reasoning' },
  },
}

/** The API of a service at a path. */
export function apiOf(name: ServiceName, path: string): Api {
  const { apis } = hosts[name]
  return apis.find(({ at }) => at?.test(path) ?? true) as Api
}

const errorTypes: Record<number, string> = {
  401: 'authentication_error',
  404: 'not_found_error',
  413: 'request_too_large',
}
