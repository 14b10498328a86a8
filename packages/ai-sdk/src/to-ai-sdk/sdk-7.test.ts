// A provider in AI SDK 7 itself, which needs Node 22: nothing of a call is lost on its way through the older specification.
import { mockProvider } from '@patchbay/testing'
import * as sdk from 'ai-7'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { aiSdk, embeddingModel, languageModel } from '../index.js'

Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false })
const { generateText, streamText, embedMany, NoObjectGeneratedError, Output, customProvider, tool } = sdk
const isNew = Number(process.versions.node.split('.')[0]) >= 22
if (!isNew) process.stdout.write('Skipped: AI SDK 7, which needs Node 22.\n')

describe.skipIf(!isNew)('in AI SDK 7', () => {
  it('a call brings images, files, reasoning and tool options', async () => {
    const inner = mockProvider()
    await generateText({
      model: languageModel(inner),
      reasoning: 'high',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', image: new URL('https://example.com/a') },
            { type: 'file', data: 'AQID', mediaType: 'application/pdf', filename: 'a.pdf' },
            { type: 'file', data: { type: 'text', text: 'Hi.' }, mediaType: 'text/plain' },
          ],
        },
        { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'c', toolName: 'f', input: {} }] },
        {
          role: 'tool',
          content: [
            {
              ...{ type: 'tool-result', toolCallId: 'c', toolName: 'f' },
              output: {
                type: 'content',
                value: [
                  {
                    ...{ type: 'file', mediaType: 'image/png' },
                    data: { type: 'url', url: new URL('https://example.com/a.png') },
                  },
                ],
              },
            },
          ],
        },
      ],
    })
    expect(inner.requests[0]).toMatchObject({
      reasoning: 'high',
      messages: [
        {
          content: [
            { type: 'image', url: 'https://example.com/a' },
            { type: 'file', mediaType: 'application/pdf', name: 'a.pdf' },
            { type: 'file', mediaType: 'text/plain' },
          ],
        },
        { content: [{ type: 'tool-call' }] },
        { content: [{ output: [{ type: 'image', url: 'https://example.com/a.png' }] }] },
      ],
    })
  })

  it('runs tools, streams, and embeds', async () => {
    const inner = mockProvider({
      answers: [{ toolCalls: [{ name: 'add', input: { a: 1, b: 2 } }] }, 'Three.'],
      embeddings: true,
    })
    const stream = streamText({
      model: languageModel(inner),
      prompt: '?',
      stopWhen: sdk.isStepCount(2),
      tools: {
        add: tool({
          inputSchema: z.object({ a: z.number(), b: z.number() }),
          execute: ({ a, b }) => a + b,
        }),
      },
    })
    expect(await stream.text).toBe('Three.')
    expect(inner.requests[1]?.messages.at(-1)?.content).toMatchObject([{ type: 'tool-result', output: '3' }])
    const models = customProvider({
      languageModels: { fast: languageModel(mockProvider({ answers: ['Quick.'] })) },
      embeddingModels: { small: embeddingModel(inner) },
    })
    expect((await generateText({ model: models.languageModel('fast'), prompt: '?' })).text).toBe('Quick.')
    const { embeddings } = await embedMany({ model: models.embeddingModel('small'), values: ['a', 'b'] })
    expect(embeddings).toHaveLength(2)
  })

  it('an answer that misses its schema is the error of the SDK', async () => {
    const asked = generateText({
      model: languageModel(mockProvider({ answers: ['No.'] })),
      ...{ prompt: '?', output: Output.object({ schema: z.object({ name: z.string() }) }) },
    })
    await expect(asked).rejects.toSatisfy(NoObjectGeneratedError.isInstance)
  })

  it('its models are providers, with images and files both ways', async () => {
    const calls: object[] = []
    const model = sdk.wrapLanguageModel({
      model: languageModel(
        mockProvider({
          answers: [
            { events: [{ type: 'part', part: { type: 'image', data: 'AQID', mediaType: 'image/png' } }] },
          ],
        }),
      ),
      middleware: {
        transformParams: async ({ params }) => {
          calls.push(params)
          return params
        },
      },
    })
    expect(model.specificationVersion).toBe('v4')
    const { message } = await aiSdk(model).chat([
      {
        role: 'user',
        content: [
          { type: 'text', text: '?' },
          { type: 'image', url: 'https://example.com/a.png' },
          { type: 'file', data: 'AQID', mediaType: 'application/pdf', name: 'a.pdf' },
        ],
      },
    ])
    expect(calls).toMatchObject([
      {
        prompt: [
          {
            content: [
              { type: 'text' },
              { type: 'file', data: { type: 'url', url: new URL('https://example.com/a.png') } },
              { type: 'file', data: { type: 'data', data: 'AQID' }, filename: 'a.pdf' },
            ],
          },
        ],
      },
    ])
    expect(message.content).toMatchObject([{ type: 'image', data: 'AQID', mediaType: 'image/png' }])
  })
})
