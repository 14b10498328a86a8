// Requests that services accept: each rule is honoured, or a typed error before anything is sent; a warning where the caller
// prefers that.
import type { ChatRequest } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { json, sse } from '../test/server.js'
import { bodyOf, chunk, completed, created, end, failureOf, serve } from '../test/wire.js'
import { type OpenAIOptions, openai } from './index.js'

type Json = Record<string, unknown>
type Case = [options: Partial<OpenAIOptions>, request: Omit<ChatRequest, 'messages'>, sent: Json]

const tools = [{ name: 'clock', input: { type: 'object' } }]
const own = { preset: 'openai', api: 'responses' } as const
const chat = { preset: 'openai', api: 'chat' } as const

describe('an option that the model takes is sent', () => {
  it.each<Case>([
    [{ ...own, model: 'gpt-4o' }, { temperature: 0 }, { temperature: 0 }],
    [{ ...own, model: 'gpt-5.4' }, { temperature: 0, reasoning: 'off' }, { reasoning: { effort: 'none' } }],
    // The default of these is made explicit.
    [{ ...own, model: 'gpt-5.1' }, { temperature: 0 }, { temperature: 0, reasoning: { effort: 'none' } }],
    [
      { ...own, model: 'gpt-5.6-sol' },
      { reasoning: 'max' },
      { reasoning: { effort: 'max', summary: 'auto' } },
    ],
    [{ ...chat, model: 'gpt-5.6-sol' }, { reasoning: 'max' }, { reasoning_effort: 'xhigh' }],
    [{ ...own, model: 'o3' }, { reasoning: 'max' }, { reasoning: { effort: 'high', summary: 'auto' } }],
    [{ ...own, model: 'gpt-5' }, { reasoning: 'minimal' }, { reasoning: { effort: 'minimal' } }],
    [{ ...own, model: 'gpt-4o' }, { reasoning: 'off' }, { reasoning: undefined }],
    [{ ...chat, model: 'gpt-5.6-sol' }, { tools, reasoning: 'off' }, { reasoning_effort: 'none' }],
    [
      { ...chat, model: 'gpt-5.6-sol' },
      { tools, toolChoice: 'none', reasoning: 'high' },
      { reasoning_effort: 'high', tools: undefined, tool_choice: undefined },
    ],
    [{ ...chat, model: 'gpt-5.4' }, { tools }, { reasoning_effort: undefined, tools: [{}] }],
    [{ preset: 'azure', model: 'my-deployment' }, { temperature: 0 }, { temperature: 0 }],
    [
      { preset: 'deepseek', model: 'deepseek-v4-pro' },
      { tools, toolChoice: 'required', reasoning: 'off' },
      { tool_choice: 'required', thinking: { type: 'disabled' } },
    ],
    [
      { preset: 'deepseek', model: 'deepseek-v4-pro' },
      { tools, toolChoice: 'auto' },
      { tool_choice: undefined, tools: [{}] },
    ],
    [
      { preset: 'deepseek', model: 'deepseek-v4-pro' },
      { tools, toolChoice: 'none' },
      { tool_choice: undefined, tools: undefined },
    ],
    [
      { preset: 'mistral' },
      { seed: 7, maxOutputTokens: 9 },
      { random_seed: 7, seed: undefined, max_tokens: 9 },
    ],
    [{ preset: 'mistral' }, { reasoning: 'low' }, { reasoning_effort: 'high' }],
    [
      { preset: 'lmstudio' },
      { output: 'json' },
      {
        response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: { type: 'object' } } },
      },
    ],
    [{ preset: 'ollama' }, { tools, toolChoice: 'none' }, { tool_choice: undefined, tools: undefined }],
    [{ preset: 'ollama' }, { tools, toolChoice: 'auto' }, { tool_choice: undefined, tools: [{}] }],
    [{ preset: 'ollama' }, { reasoning: 'minimal' }, { reasoning_effort: 'low' }],
    [{ preset: 'groq', model: 'qwen/qwen3-32b' }, { reasoning: 'low' }, { reasoning_effort: 'default' }],
    [{ preset: 'groq', model: 'qwen/qwen3-32b' }, { reasoning: 'off' }, { reasoning_effort: 'none' }],
    [{ preset: 'groq', model: 'openai/gpt-oss-120b' }, { reasoning: 'max' }, { reasoning_effort: 'high' }],
    [{ preset: 'xai', model: 'grok-4.6' }, { reasoning: 'max' }, { reasoning_effort: 'xhigh' }],
    [{ preset: 'xai', model: 'grok-3' }, { stop: ['a'], presencePenalty: 1 }, { stop: ['a'] }],
    [
      { preset: 'moonshot', model: 'kimi-k2.6' },
      { reasoning: 'off' },
      { thinking: { type: 'disabled' }, reasoning_effort: undefined },
    ],
    [{ preset: 'moonshot', model: 'kimi-k3' }, { reasoning: 'max' }, { reasoning_effort: 'max' }],
    [
      { preset: 'openrouter' },
      { reasoning: { budgetTokens: 2000 } },
      { reasoning: { max_tokens: 2000 }, reasoning_effort: undefined },
    ],
    [
      { preset: 'alibaba' },
      { reasoning: { budgetTokens: 500 }, maxOutputTokens: 9 },
      { enable_thinking: true, thinking_budget: 500, stream: true },
    ],
    [{ preset: 'alibaba' }, { reasoning: 'off' }, { enable_thinking: false }],
    [{ preset: 'google', model: 'gemini-2.5-flash' }, { reasoning: 'minimal' }, { reasoning_effort: 'low' }],
    [
      { preset: 'google', model: 'gemini-2.5-flash' },
      { reasoning: { budgetTokens: 500 } },
      { extra_body: { google: { thinking_config: { thinking_budget: 500 } } } },
    ],
    [
      { preset: 'lmstudio' },
      { tools: [...tools, { name: 'other', input: {} }], toolChoice: { name: 'clock' } },
      { tool_choice: 'required', tools: [{ function: { name: 'clock' } }] },
    ],
    [{ preset: 'vllm' }, { reasoning: 'max' }, { reasoning_effort: 'high' }],
    [{ preset: 'vllm' }, { reasoning: { budgetTokens: 99 } }, { thinking_token_budget: 99 }],
    [{ preset: 'lmstudio' }, { reasoning: 'off' }, { reasoning_effort: 'none' }],
    [{ preset: 'xai', model: 'grok-4.3' }, { reasoning: 'off' }, { reasoning_effort: 'none' }],
    [{ preset: 'vllm', model: 'qwen3' }, { temperature: 2, stop: [...'abcdef'] }, { temperature: 2 }],
  ])('%j, %j', async (options, request, sent) => {
    const { model = 'm', ...rest } = options
    const body = await bodyOf({ messages: 'x', ...request }, { model, ...rest })
    expect(body).toMatchObject(Object.fromEntries(Object.entries(sent).filter(([, value]) => value)))
    for (const [name, value] of Object.entries(sent))
      if (value === undefined) expect(body).not.toHaveProperty(name)
  })
})

describe('an option that the model refuses is an error before anything is sent, or left out with a warning', () => {
  it.each<[...Case, feature: string]>([
    [{ ...own, model: 'gpt-5.6-sol' }, { temperature: 0 }, { temperature: undefined }, 'temperature'],
    [{ ...own, model: 'o3' }, { topP: 0.5 }, { top_p: undefined }, 'topP'],
    [
      { ...own, model: 'gpt-5' },
      { temperature: 0, reasoning: 'low' },
      { temperature: undefined },
      'temperature',
    ],
    [{ ...own, model: 'gpt-5.4' }, { topP: 0.5, reasoning: 'low' }, { top_p: undefined }, 'topP'],
    [{ ...own, model: 'gpt-6-astra' }, { reasoning: 'off' }, { reasoning: undefined }, 'reasoning'],
    [{ ...own, model: 'gpt-4o' }, { reasoning: 'low' }, { reasoning: undefined }, 'reasoning'],
    [{ ...own, model: 'gpt-5' }, { maxOutputTokens: 9 }, { max_output_tokens: 16 }, 'maxOutputTokens'],
    [
      { ...own, model: 'gpt-5' },
      { reasoning: { budgetTokens: 9 } },
      { reasoning: undefined },
      'reasoningBudget',
    ],
    [{ ...chat, model: 'gpt-5' }, { stop: ['a'] }, { stop: undefined }, 'stop'],
    [{ ...chat, model: 'gpt-5' }, { presencePenalty: 1 }, { presence_penalty: undefined }, 'presencePenalty'],
    [{ ...chat, model: 'gpt-4o' }, { stop: [...'abcde'] }, { stop: [...'abcd'] }, 'stop'],
    [{ ...chat, model: 'gpt-5.4' }, { tools, reasoning: 'low' }, { reasoning_effort: 'none' }, 'reasoning'],
    [{ ...chat, model: 'gpt-5.6-sol' }, { tools }, { reasoning_effort: 'none', tools: [{}] }, 'reasoning'],
    [{ ...chat, model: 'gpt-6-astra' }, { tools }, { tools: undefined }, 'tools'],
    [{ preset: 'azure', model: 'gpt-5' }, { temperature: 0 }, { temperature: undefined }, 'temperature'],
    [
      { preset: 'deepseek', model: 'deepseek-v4-pro' },
      { tools, toolChoice: 'required' },
      { tool_choice: undefined, tools: [{}] },
      'toolChoice',
    ],
    [
      { preset: 'moonshot', model: 'kimi-k2.5' },
      { tools, toolChoice: { name: 'clock' } },
      { tool_choice: undefined, tools: [{}] },
      'toolChoice',
    ],
    [
      { preset: 'moonshot', model: 'kimi-k2.7-code' },
      { reasoning: 'off' },
      { thinking: undefined },
      'reasoning',
    ],
    [
      { preset: 'moonshot', model: 'moonshot-v1-8k' },
      { temperature: 1.5 },
      { temperature: undefined },
      'temperature',
    ],
    [{ preset: 'xai', model: 'grok-4' }, { reasoning: 'low' }, { reasoning_effort: undefined }, 'reasoning'],
    [
      { preset: 'xai', model: 'grok-4.5' },
      { reasoning: 'off' },
      { reasoning_effort: undefined },
      'reasoning',
    ],
    [{ preset: 'xai', model: 'grok-4.5' }, { stop: ['a'] }, { stop: undefined }, 'stop'],
    [
      { preset: 'xai', model: 'grok-4' },
      { presencePenalty: 1 },
      { presence_penalty: undefined },
      'presencePenalty',
    ],
    [{ preset: 'google' }, { frequencyPenalty: 1 }, { frequency_penalty: undefined }, 'frequencyPenalty'],
    [
      { preset: 'google', model: 'gemini-3-pro' },
      { reasoning: 'off' },
      { reasoning_effort: undefined },
      'reasoning',
    ],
    [{ preset: 'cerebras' }, { temperature: 1.8 }, { temperature: undefined }, 'temperature'],
  ])('%j, %j', async ({ model = 'm', ...options }, request, sent, feature) => {
    const server = await serve(
      options.api === 'responses'
        ? sse([created, completed()])
        : sse([chunk({ content: 'x' }), end(), '[DONE]']),
    )
    const llm = openai(model, { apiKey: 'k', retry: false, baseURL: server.url, ...options })
    expect(await failureOf(llm.chat({ messages: 'x', ...request }))).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining("onUnsupported: 'warn'"),
    })
    expect(server.requests).toHaveLength(0)
    const { warnings } = await llm.chat({ messages: 'x', ...request, onUnsupported: 'warn' })
    expect(warnings).toMatchObject([{ code: 'unsupported', feature }])
    const body = server.requests[0]?.json as Json
    expect(body).toMatchObject(Object.fromEntries(Object.entries(sent).filter(([, value]) => value)))
    for (const [name, value] of Object.entries(sent))
      if (value === undefined) expect(body).not.toHaveProperty(name)
  })

  it('a level that the model does not have becomes the next one, with a remark', async () => {
    const server = await serve(sse([created, completed()]))
    const llm = openai('gpt-5.1', { apiKey: 'k', baseURL: server.url, ...own })
    const { warnings } = await llm.chat({ messages: 'x', reasoning: 'minimal' })
    expect(warnings).toMatchObject([{ code: 'other', message: expect.stringContaining('low') }])
    expect(server.requests[0]?.json).toMatchObject({ reasoning: { effort: 'low' } })
  })
})

describe('the capabilities of a model', () => {
  it.each([
    ['gpt-4o', { reasoning: false }, {}],
    ['o3', { reasoning: true }, { temperature: false, topP: false }],
    ['gpt-5.6-sol', { reasoning: true }, { reasoningBudget: false }],
    ['gpt-6-astra', { tools: false }, { temperature: false }],
  ])('are those of its family: %s', async (model, expected, options) => {
    const server = await serve(json({ data: [] }))
    const known = await openai(model, { apiKey: 'k', baseURL: server.url, ...chat }).capabilities()
    expect(known).toMatchObject({ ...expected, options })
  })
})
