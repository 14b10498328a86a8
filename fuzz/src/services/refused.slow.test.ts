// Nothing that a service takes is refused by us: for each option that a backend refuses, the same request with the service's own
// field is refused by the strict service too, or the service has no such field.
import { type ChatRequest, isLlmError } from '@patchbay/core'
import { expect, it } from 'vitest'
import { apiOf } from '../../../packages/testing/src/services/hosts.js'
import type { JsonObject } from '../../../packages/testing/src/services/index.js'
import { refusalsOf } from '../../../packages/testing/src/services/strict-service.js'
import { fieldless } from './fieldless.js'
import { inMemory } from './in-memory.js'
import { type Target, targets } from './targets.js'

type Options = Omit<ChatRequest, 'messages'>
type Protocol = ReturnType<typeof apiOf>['protocol']
type Fields = (body: JsonObject) => JsonObject

const look = { name: 'look', input: { type: 'object' as const, properties: {} } }
const schema = {
  type: 'object' as const,
  properties: { a: { type: 'string' } },
  required: ['a'],
  additionalProperties: false,
}
const set =
  (name: string, value: unknown): Fields =>
  () => ({ [name]: value })
const option =
  (name: string, value: unknown): Fields =>
  (body) => ({ options: { ...(body.options as object), [name]: value } })
const chatTool = { type: 'function', function: { name: 'look', parameters: look.input } }
const chatChoice = { type: 'function', function: { name: 'look' } }

/** Each option, with the service's own field for it in each protocol. */
const cases: Record<string, [options: Options, fields: Partial<Record<Protocol, Fields>>]> = {
  temperature: [
    { temperature: 0.5 },
    {
      anthropic: set('temperature', 0.5),
      chat: set('temperature', 0.5),
      responses: set('temperature', 0.5),
      ollama: option('temperature', 0.5),
    },
  ],
  topP: [
    { topP: 0.97 },
    {
      anthropic: set('top_p', 0.97),
      chat: set('top_p', 0.97),
      responses: set('top_p', 0.97),
      ollama: option('top_p', 0.97),
    },
  ],
  topK: [{ topK: 5 }, { anthropic: set('top_k', 5), chat: set('top_k', 5), ollama: option('top_k', 5) }],
  minP: [{ minP: 0.1 }, { chat: set('min_p', 0.1), ollama: option('min_p', 0.1) }],
  logprobs: [
    { logprobs: 2 },
    {
      chat: () => ({ logprobs: true, top_logprobs: 2 }),
      responses: set('top_logprobs', 2),
      ollama: () => ({ logprobs: true, top_logprobs: 2 }),
    },
  ],
  seed: [{ seed: 1 }, { chat: set('seed', 1), ollama: option('seed', 1) }],
  stop: [
    { stop: ['END'] },
    {
      anthropic: set('stop_sequences', ['END']),
      chat: set('stop', ['END']),
      ollama: option('stop', ['END']),
    },
  ],
  frequencyPenalty: [
    { frequencyPenalty: 0.5 },
    { chat: set('frequency_penalty', 0.5), ollama: option('frequency_penalty', 0.5) },
  ],
  presencePenalty: [
    { presencePenalty: 0.5 },
    { chat: set('presence_penalty', 0.5), ollama: option('presence_penalty', 0.5) },
  ],
  maxOutputTokens: [
    { maxOutputTokens: 100 },
    {
      anthropic: set('max_tokens', 100),
      chat: set('max_tokens', 100),
      responses: set('max_output_tokens', 100),
      ollama: option('num_predict', 100),
    },
  ],
  tools: [{ tools: [look] }, { chat: set('tools', [chatTool]), ollama: set('tools', [chatTool]) }],
  'a forced tool': [
    { tools: [look], toolChoice: 'required' },
    {
      anthropic: set('tool_choice', { type: 'any' }),
      chat: () => ({ tools: [chatTool], tool_choice: 'required' }),
      responses: set('tool_choice', 'required'),
    },
  ],
  'a named tool': [
    { tools: [look], toolChoice: { name: 'look' } },
    {
      anthropic: set('tool_choice', { type: 'tool', name: 'look' }),
      chat: () => ({ tools: [chatTool], tool_choice: chatChoice }),
      responses: set('tool_choice', { type: 'function', name: 'look' }),
    },
  ],
  'one tool at a time': [
    { tools: [look], parallelToolCalls: false },
    {
      anthropic: set('tool_choice', { type: 'auto', disable_parallel_tool_use: true }),
      chat: () => ({ tools: [chatTool], parallel_tool_calls: false }),
      responses: set('parallel_tool_calls', false),
    },
  ],
  'JSON of a schema': [
    { output: { schema } },
    {
      anthropic: set('output_config', { format: { type: 'json_schema', schema } }),
      chat: set('response_format', { type: 'json_schema', json_schema: { name: 'a', schema, strict: true } }),
      responses: set('text', { format: { type: 'json_schema', name: 'a', schema, strict: true } }),
      ollama: set('format', schema),
    },
  ],
  'any JSON': [
    { output: 'json' },
    {
      chat: set('response_format', { type: 'json_object' }),
      responses: set('text', { format: { type: 'json_object' } }),
      ollama: set('format', 'json'),
    },
  ],
  ...Object.fromEntries(
    (['minimal', 'low', 'medium', 'high'] as const).map((effort) => [
      `reasoning ${effort}`,
      [
        { reasoning: effort },
        {
          anthropic: set('output_config', { effort }),
          chat: set('reasoning_effort', effort),
          responses: set('reasoning', { effort }),
          ollama: set('think', effort),
        },
      ],
    ]),
  ),
  'reasoning off': [
    { reasoning: 'off' },
    {
      anthropic: set('thinking', { type: 'disabled' }),
      chat: set('reasoning_effort', 'none'),
      responses: set('reasoning', { effort: 'none' }),
      ollama: set('think', false),
    },
  ],
  'a budget of reasoning': [
    { reasoning: { budgetTokens: 2000 } },
    { anthropic: set('thinking', { type: 'enabled', budget_tokens: 2000 }) },
  ],
}

// An option may be taken only beside a certain reasoning.
const circumstances: Options[] = [{}, { reasoning: 'off' }, { reasoning: 'high' }]

it.each(Object.entries(targets))('%s takes what its service takes', async (_, target) => {
  const found: string[] = []
  let sent = 0
  for (const [name, [options, fields]] of Object.entries(cases))
    for (const around of circumstances) {
      if (options.reasoning !== undefined && around.reasoning !== undefined) continue
      const plain = await ask(target, around)
      const refusal = await ask(target, { ...around, ...options })
      if (refusal.body !== undefined) sent++
      if (plain.body === undefined || refusal.body !== undefined) continue
      const { protocol } = apiOf(target.service, plain.path)
      const own = fields[protocol]?.(plain.body)
      if (own === undefined) continue
      const given = { ...plain, body: { ...plain.body, ...own } }
      const [refused] = refusalsOf(target.service, given)
      if (refused === undefined && !fieldless(target.service, protocol, Object.keys(own)))
        found.push(
          `${name}${around.reasoning ? ` with reasoning ${around.reasoning}` : ''}: ${refusal.message}`,
        )
    }
  expect(found).toEqual([])
  expect(sent).toBeGreaterThan(8)
})

interface Sent {
  path: string
  headers: Record<string, string>
  body: JsonObject
}

/** What was sent, or the refusal before that. */
async function ask(
  { service: name, make }: Target,
  options: Options,
): Promise<(Sent & { message?: never }) | { message: string; body?: never }> {
  const { service, fetch } = inMemory(name, ['{"a":"b"}'])
  const provider = make(service, { fetch })
  try {
    await provider.chat({ messages: 'Answer in JSON.', ...options })
  } catch (error) {
    if (!isLlmError(error, 'unsupported')) throw error
    return { message: error.message }
  }
  const { path, headers, json } = service.requests.at(-1) as (typeof service.requests)[number]
  return { path, headers, body: json as JsonObject }
}
