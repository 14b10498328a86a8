// Structured answers: every method and option of `withStructuredOutput`, with other options beside it.
import { InMemoryCache } from '@langchain/core/caches'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { chatModel } from '../index.js'

const person = z.object({ name: z.string(), born: z.string().transform((day) => new Date(day)) })
const json = '{"name":"Eve","born":"1990-01-02"}'
const eve = { name: 'Eve', born: new Date('1990-01-02') }
const called = { toolCalls: [{ name: 'person', input: JSON.parse(json) }] }
const methods = { jsonSchema: json, jsonMode: json, functionCalling: called }
const named = { name: 'person' }
const misfit = { jsonSchema: '{"name":1}', jsonMode: '{"name":1}', functionCalling: 'No.' }
const each = Object.keys(methods) as (keyof typeof methods)[]

describe('a structured answer', () => {
  it.each(each)('is the value as the schema gives it, by the method %s', async (method) => {
    const inner = mockProvider({ answers: [methods[method], methods[method]] })
    const model = chatModel(inner)
    expect(await model.withStructuredOutput(person, { ...named, method }).invoke('?')).toEqual(eve)
    const both = await model.withStructuredOutput(person, { ...named, method, includeRaw: true }).invoke('?')
    expect(both).toMatchObject({ parsed: eve, raw: { response_metadata: { provider: 'mock' } } })
  })

  it('is requested in the form of its method', async () => {
    const inner = mockProvider({ answers: Object.values(methods) })
    for (const method of each)
      await chatModel(inner)
        .withStructuredOutput(person, { ...named, method })
        .invoke('?')
    const [bySchema, byMode, byCall] = inner.requests
    expect(bySchema).toMatchObject({ output: { name: 'person', schema: { type: 'object' } }, tools: [] })
    expect(byMode).toMatchObject({ output: {}, tools: [] })
    expect(byCall).toMatchObject({ tools: [{ name: 'person' }], toolChoice: { name: 'person' } })
    expect(byCall?.output).toBeUndefined()
    expect(() => chatModel(inner).withStructuredOutput(person, { method: 'telepathy' })).toThrow('telepathy')
  })

  it.each(each)('keeps its schema beside other options, and they theirs: %s', async (method) => {
    const inner = mockProvider({ answers: [methods[method], methods[method]] })
    const model = chatModel(inner).withStructuredOutput(person, { ...named, method, strict: true })
    await model.invoke('?', { request: { temperature: 0.5 }, stop: ['END'] } as never)
    await model.withConfig({ request: { temperature: 0.5 } } as never).invoke('?', { stop: ['END'] } as never)
    for (const request of inner.requests)
      expect(request).toMatchObject({
        temperature: 0.5,
        stop: ['END'],
        ...(method === 'jsonSchema' && { output: { strict: true, schema: { type: 'object' } } }),
        ...(method === 'functionCalling' && { tools: [{ name: 'person' }] }),
      })
  })

  it.each(each)('that misses is a typed error, or nothing beside what was said: %s', async (method) => {
    const inner = mockProvider({ answers: [misfit[method], misfit[method]] })
    const model = chatModel(inner)
    await expect(model.withStructuredOutput(person, { ...named, method }).invoke('?')).rejects.toMatchObject({
      code: 'structured-output',
      partial: expect.anything(),
    })
    const both = await model.withStructuredOutput(person, { ...named, method, includeRaw: true }).invoke('?')
    expect(both).toMatchObject({ parsed: null, raw: { text: misfit[method] } })
  })

  it('is found in longer texts, and in cached answers', async () => {
    const inner = mockProvider({ answers: [`Here:\n\`\`\`json\n${json}\n\`\`\``] })
    const model = chatModel(inner, { cache: new InMemoryCache() }).withStructuredOutput(person)
    expect([await model.invoke('?'), await model.invoke('?')]).toEqual([eve, eve])
    expect(inner.requests).toHaveLength(1)
  })

  it('that the model refused says so', async () => {
    const refused = { events: [{ type: 'part' as const, part: { type: 'refusal' as const, text: 'No.' } }] }
    const model = chatModel(mockProvider({ answers: [refused] })).withStructuredOutput(person)
    await expect(model.invoke('?')).rejects.toMatchObject({
      code: 'structured-output',
      message: expect.stringContaining('refusal'),
    })
  })
})
