// Models of AI SDK 5 and 7 as providers, in the forms of their specifications, and models of none that is known.
import type { LanguageModelV2, LanguageModelV2CallOptions } from '@ai-sdk/provider'
import type { Message } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { type AnyLanguageModel, aiSdk, type LanguageModelV4Like } from '../index.js'

const streamOf = <T>(...parts: T[]) =>
  new ReadableStream<T>({
    start(controller) {
      for (const part of parts) controller.enqueue(part)
      controller.close()
    },
  })
const messages: Message[] = [
  {
    role: 'user',
    content: [
      { type: 'text', text: '?' },
      { type: 'image', url: 'https://example.com/a' },
      { type: 'image', data: 'AQID', mediaType: 'image/png' },
      { type: 'file', data: 'AQID', mediaType: 'application/pdf', name: 'a.pdf' },
    ],
  },
  { role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 'f', input: {} }] },
  {
    role: 'tool',
    content: [
      { type: 'tool-result', id: 'c', output: [{ type: 'image', data: 'AQID', mediaType: 'image/png' }] },
    ],
  },
]

describe('a model of the AI SDK', () => {
  it('of specification v4 gets images and files, and its answer, reasons and warnings arrive', async () => {
    const calls: unknown[] = []
    const model: LanguageModelV4Like = {
      ...{ specificationVersion: 'v4', provider: 'played', modelId: 'played-4' },
      doStream: async (call) => {
        calls.push(call)
        const stream = streamOf<object>(
          {
            type: 'stream-start',
            warnings: [{ type: 'deprecated', setting: 'topK', message: 'It goes away.' }],
          },
          { type: 'ping' },
          { type: 'custom', kind: 'played.note' },
          { type: 'text-start', id: '1' },
          { type: 'text-delta', id: '1', delta: 'Hi.' },
          { type: 'text-end', id: '1' },
          { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AQID' } },
          { type: 'reasoning-file', mediaType: 'image/png', data: { type: 'data', data: 'AQID' } },
          {
            type: 'finish',
            finishReason: { unified: 'length', raw: 'max' },
            usage: { inputTokens: { total: 5 }, outputTokens: { total: 4 } },
          },
        )
        return { stream }
      },
    }
    const { message, finishReason, warnings, usage } = await aiSdk(model).chat({
      messages,
      reasoning: 'high',
    })
    expect(calls).toMatchObject([
      {
        reasoning: 'high',
        prompt: [
          {
            content: [
              { type: 'text', text: '?' },
              {
                type: 'file',
                mediaType: 'image',
                data: { type: 'url', url: new URL('https://example.com/a') },
              },
              { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AQID' } },
              { type: 'file', filename: 'a.pdf', data: { type: 'data', data: 'AQID' } },
            ],
          },
          { content: [{ type: 'tool-call' }] },
          {
            content: [
              {
                output: { type: 'content', value: [{ type: 'file', data: { type: 'data', data: 'AQID' } }] },
              },
            ],
          },
        ],
      },
    ])
    await aiSdk(model).chat({ messages, reasoning: 'off' })
    expect(calls[1]).toMatchObject({ reasoning: 'none' })
    const budget = aiSdk(model).chat({ messages, reasoning: { budgetTokens: 9 } })
    await expect(budget).rejects.toMatchObject({ code: 'unsupported' })
    expect(message.content).toMatchObject([
      { type: 'text', text: 'Hi.' },
      { type: 'image', data: 'AQID', mediaType: 'image/png' },
    ])
    expect({ finishReason, usage }).toMatchObject({ finishReason: 'length', usage: { outputTokens: 4 } })
    expect(warnings.map(({ feature, message }) => feature ?? message)).toEqual([
      ...['topK: It goes away.', 'custom', 'reasoning-file'],
    ])
  })

  it('of specification v2 does too', async () => {
    const calls: LanguageModelV2CallOptions[] = []
    const model: LanguageModelV2 = {
      ...{ specificationVersion: 'v2', provider: 'played', modelId: 'played-2', supportedUrls: {} },
      doGenerate: () => Promise.reject(new Error('it streams')),
      doStream: async (call) => {
        calls.push(call)
        const stream = streamOf<Parts>(
          { type: 'stream-start', warnings: [{ type: 'unsupported-setting', setting: 'topK' }] },
          { type: 'text-start', id: '1' },
          { type: 'text-delta', id: '1', delta: 'Hi.' },
          { type: 'text-end', id: '1' },
          {
            type: 'finish',
            finishReason: 'length',
            usage: { inputTokens: 5, outputTokens: 4, totalTokens: 9, cachedInputTokens: 2 },
          },
        )
        return { stream }
      },
    }
    const { text, finishReason, warnings, usage } = await aiSdk(model).chat(messages)
    expect(calls[0]?.prompt.at(-1)?.content).toMatchObject([
      { output: { type: 'content', value: [{ type: 'media', data: 'AQID', mediaType: 'image/png' }] } },
    ])
    expect({ text, finishReason, usage }).toMatchObject({
      ...{ text: 'Hi.', finishReason: 'length' },
      usage: { inputTokens: 5, outputTokens: 4, cachedInputTokens: 2 },
    })
    expect(warnings).toMatchObject([{ code: 'unsupported', feature: 'topK' }])
  })

  it('of another specification is refused by its name, and what is no model too', () => {
    const model = { specificationVersion: 'v9', provider: 'p', modelId: 'm', doStream: () => {} }
    expect(() => aiSdk(Object(model))).toThrow('"v9"')
    for (const wrong of ['openai/gpt-5', undefined, {}] as unknown[])
      expect(() => aiSdk(wrong as AnyLanguageModel)).toThrow('needs a language model of the AI SDK')
  })
})

type Parts =
  Awaited<ReturnType<LanguageModelV2['doStream']>>['stream'] extends ReadableStream<infer Part> ? Part : never
