// LangChain's own agents (createAgent) over providers: tools, and structured answers by each of its strategies.
import { tool } from '@langchain/core/tools'
import type { PreparedChat } from '@patchbay/core'
import { local } from '@patchbay/local'
import { mockProvider } from '@patchbay/testing'
import { createAgent, providerStrategy, toolStrategy } from 'langchain'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import * as z3 from 'zod/v3'
import { chatModel } from './index.js'

const weather = tool(({ city }) => `21 degrees in ${city}`, {
  name: 'get_weather',
  description: 'Get the current weather for a city',
  schema: z.object({ city: z.string().describe('The city') }),
})
const asked = { messages: [{ role: 'user', content: 'What is the weather in Lima?' }] }
const called = { toolCalls: [{ name: 'get_weather', input: { city: 'Lima' } }] }
const schema = z.object({ degrees: z.number() })
const said = '{"degrees":21}'

describe('an agent of LangChain', () => {
  it('calls its tools over the bundled model', async () => {
    const provider = local({ threads: 1, cacheDir: false })
    onTestFinished(() => provider.close())
    const agent = createAgent({ model: chatModel(provider), tools: [weather] })
    const { messages } = await agent.invoke(asked)
    expect(messages.map(({ type }) => type)).toEqual(['human', 'ai', 'tool', 'ai'])
    expect(messages.at(-1)?.text).toContain('21')
  })

  it('gets an answer by the schema of a providerStrategy, with its tools', async () => {
    const inner = mockProvider({ answers: [called, said] })
    const agent = createAgent({
      model: chatModel(inner),
      tools: [weather],
      responseFormat: providerStrategy(schema),
    })
    expect((await agent.invoke(asked)).structuredResponse).toEqual({ degrees: 21 })
    expect(inner.requests).toHaveLength(2)
    for (const request of inner.requests)
      expect(request).toMatchObject({
        tools: [{ name: 'get_weather' }],
        output: { schema: { properties: { degrees: { type: 'number' } } } },
      })
  })

  it('gets an answer by the schema of a toolStrategy', async () => {
    const answer = ({ tools }: PreparedChat) => ({
      toolCalls: [{ name: tools.at(-1)?.name ?? '', input: { degrees: 21 } }],
    })
    const agent = createAgent({
      model: chatModel(mockProvider({ answers: [called, answer] })),
      tools: [weather],
      responseFormat: toolStrategy(schema),
    })
    expect((await agent.invoke(asked)).structuredResponse).toEqual({ degrees: 21 })
  })
})

it('a schema of zod 3 gives its value, with defaults and transforms', async () => {
  const old = z3.z.object({
    degrees: z3.z.number().transform((degrees) => `${degrees} °C`),
    city: z3.z.string().default('Lima'),
  })
  for (const method of ['jsonSchema', 'functionCalling']) {
    const answer = method === 'jsonSchema' ? said : { toolCalls: [{ name: 'w', input: JSON.parse(said) }] }
    const model = chatModel(mockProvider({ answers: [answer] }))
    expect(await model.withStructuredOutput(old, { name: 'w', method }).invoke('?')).toEqual({
      ...{ degrees: '21 °C', city: 'Lima' },
    })
  }
})
