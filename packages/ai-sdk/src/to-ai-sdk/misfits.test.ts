// Answers that do not fit their schema: the AI SDK's own error and its own repair, as with every model of the AI SDK.
import { mockProvider } from '@patchbay/testing'
import { generateObject, generateText, NoObjectGeneratedError, Output, streamObject } from 'ai'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { languageModel } from '../index.js'

const schema = z.object({ name: z.string() })
const model = (text: string, finishReason: 'stop' | 'length' = 'stop') =>
  languageModel(mockProvider({ answers: [{ text, finishReason }] }))
const answers = {
  'does not fit': ['{"name":1}', 'stop'],
  'is no JSON': ['Sorry.', 'stop'],
  'was cut': ['{"name":"E', 'length'],
} as const
const rows = Object.entries(answers)

describe('an answer that misses its schema', () => {
  it.each(rows)('and %s is the error of the AI SDK, with its text, its reason and its usage', async (_, [
    text,
    finishReason,
  ]) => {
    const asked = { schema, prompt: '?', maxRetries: 0 }
    const ways = {
      generateObject: () => generateObject({ ...asked, model: model(text, finishReason) }),
      streamObject: async () => {
        const stream = streamObject({ ...asked, model: model(text, finishReason), onError: () => {} })
        const object = stream.object.catch((thrown: unknown) => thrown)
        for await (const _ of stream.partialObjectStream);
        throw await object
      },
    }
    for (const way of Object.values(ways)) {
      const error = await way().catch((thrown: unknown) => thrown)
      expect(NoObjectGeneratedError.isInstance(error)).toBe(true)
      expect(error).toMatchObject({ text, finishReason, usage: { outputTokens: 1 } })
    }
  })

  it.each(rows)('and %s can be repaired', async (_, [text, finishReason]) => {
    const repaired = await generateObject({
      model: model(text, finishReason),
      ...{ schema, prompt: '?' },
      experimental_repairText: async ({ text: given }) => {
        expect(given).toBe(text)
        return '{"name":"Eve"}'
      },
    })
    expect(repaired.object).toEqual({ name: 'Eve' })
  })

  it('is an error of the output of generateText', async () => {
    const { text, output } = await generateText({
      model: model('{"name":"Eve"}'),
      prompt: '?',
      output: Output.object({ schema }),
    })
    expect({ text, output }).toEqual({ text: '{"name":"Eve"}', output: { name: 'Eve' } })
    const asked = generateText({ model: model('No.'), prompt: '?', output: Output.object({ schema }) })
    await expect(asked).rejects.toSatisfy(NoObjectGeneratedError.isInstance)
  })
})
