// Providers in LangChain's own chains and agents, LangChain models as providers, and round trips through both.
import {
  AIMessage,
  type AIMessageChunk,
  HumanMessage,
  SystemMessage,
  ToolMessage,
} from '@langchain/core/messages'
import { StringOutputParser } from '@langchain/core/output_parsers'
import { ChatPromptTemplate } from '@langchain/core/prompts'
import { tool } from '@langchain/core/tools'
import { type BackendEvent, LlmError, type Part } from '@patchbay/core'
import { local } from '@patchbay/local'
import { describeProvider, mockProvider } from '@patchbay/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { chatModel, embeddings, langchain } from './index.js'

const bundled = () => local({ threads: 1, cacheDir: false })
const weather = tool(() => JSON.stringify({ temperature: 21, condition: 'sunny' }), {
  name: 'get_weather',
  description: 'Get the current weather for a city',
  schema: {
    type: 'object',
    properties: { city: { type: 'string', description: 'The city' } },
    required: ['city'],
  },
})

describe('a provider in LangChain', () => {
  const opened = () => {
    const provider = bundled()
    onTestFinished(() => provider.close())
    return chatModel(provider)
  }

  it('answers in a chain, whole and streamed, with usage', async () => {
    const model = opened()
    const prompt = ChatPromptTemplate.fromMessages([['human', 'What is the capital of {country}?']])
    const chain = prompt.pipe(model).pipe(new StringOutputParser())
    expect(await chain.invoke({ country: 'France' })).toBe('The capital of France is Paris.')
    const message = await model.invoke('What is the capital of France?')
    expect(message.usage_metadata).toMatchObject({ input_tokens: expect.any(Number), output_tokens: 10 })
    expect(message.response_metadata).toMatchObject({ model_name: 'pico', finish_reason: 'stop' })
    const pieces: AIMessageChunk[] = []
    for await (const piece of await model.stream('Count to 12.')) pieces.push(piece)
    const whole = pieces.reduce((before, piece) => before.concat(piece))
    expect(pieces.length).toBeGreaterThan(2)
    expect(whole.text).toMatch(/^1, 2, 3.*12/)
    expect(whole).toMatchObject({ usage_metadata: { output_tokens: expect.any(Number) } })
  })

  it('gives objects, by a schema of Zod or of JSON', async () => {
    const model = opened()
    const question = 'Give me JSON: name Eve, age 30.'
    const person = z.object({ name: z.string(), age: z.number().int() })
    expect(await model.withStructuredOutput(person).invoke(question)).toEqual({ name: 'Eve', age: 30 })
    const both = await model
      .withStructuredOutput(z.toJSONSchema(person), { includeRaw: true })
      .invoke(question)
    expect(both).toMatchObject({ parsed: { name: 'Eve', age: 30 }, raw: expect.any(AIMessage) })
  })

  it.each([
    'invoke',
    'stream',
  ] as const)('calls tools, and goes on with what they came to: %s', async (how) => {
    const model = opened().bindTools([weather])
    const question = new HumanMessage('What is the weather in Lima?')
    const ask = async (messages: (HumanMessage | AIMessage | AIMessageChunk | ToolMessage)[]) => {
      if (how === 'invoke') return model.invoke(messages)
      let whole: AIMessageChunk | undefined
      for await (const piece of await model.stream(messages)) whole = whole?.concat(piece) ?? piece
      return whole as AIMessageChunk
    }
    const first = await ask([question])
    expect(first.tool_calls).toMatchObject([{ name: 'get_weather', args: { city: 'Lima' } }])
    const result = (await weather.invoke(first.tool_calls?.[0] as never)) as ToolMessage
    expect((await ask([question, first, result])).text).toContain('21 degrees')
  })

  it('makes vectors', async () => {
    const provider = bundled()
    onTestFinished(() => provider.close())
    const made = embeddings(provider)
    expect((await made.embedDocuments(['a', 'b'])).map(({ length }) => length)).toEqual([128, 128])
    expect(await made.embedQuery('a')).toHaveLength(128)
  })

  it('takes everything LangChain can say', async () => {
    const inner = mockProvider()
    await chatModel(inner)
      .withConfig({ request: { temperature: 0.5, reasoning: 'low' }, stop: ['END'] })
      .invoke([
        new SystemMessage('Be brief.'),
        new HumanMessage({
          content: [
            { type: 'text', text: 'What is it?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AQID' } },
            { type: 'image', url: 'https://example.com/a.png' },
            { type: 'file', data: 'AQID', mimeType: 'application/pdf' },
          ],
        }),
        new AIMessage({ content: '', tool_calls: [{ id: 'c', name: 't', args: { a: 1 } }] }),
        new ToolMessage({ tool_call_id: 'c', content: 'broken', status: 'error' }),
        new HumanMessage('And now?'),
      ])
    expect(inner.requests[0]).toMatchObject({
      temperature: 0.5,
      reasoning: 'low',
      stop: ['END'],
      messages: [
        { role: 'system', content: [{ text: 'Be brief.' }] },
        {
          role: 'user',
          content: [
            { type: 'text' },
            { type: 'image', data: 'AQID', mediaType: 'image/png' },
            { type: 'image', url: 'https://example.com/a.png' },
            { type: 'file', data: 'AQID', mediaType: 'application/pdf' },
          ],
        },
        { role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 't', input: { a: 1 } }] },
        { role: 'tool', content: [{ type: 'tool-result', id: 'c', output: 'broken', isError: true }] },
        { role: 'user' },
      ],
    })
  })

  const opaque = { provider: 'mock', data: { signature: 'x' } }
  const events: BackendEvent[] = [
    { type: 'reasoning', text: 'Hm.' },
    { type: 'part-end', opaque },
    { type: 'part', part: { type: 'provider-block', kind: 'search', opaque } },
    { type: 'text', text: 'One. ' },
    { type: 'part-end', opaque },
    { type: 'text', text: 'Two.' },
    { type: 'tool-call', id: 'a', name: 'get_weather', input: { city: 'Lima' }, opaque },
    { type: 'finish', response: { finishReason: 'tool-calls' } },
  ]
  const content: Part[] = [
    { type: 'reasoning', text: 'Hm.', opaque },
    { type: 'provider-block', kind: 'search', opaque },
    { type: 'text', text: 'One. ', opaque },
    { type: 'text', text: 'Two.' },
    { type: 'tool-call', id: 'a', name: 'get_weather', input: { city: 'Lima' }, opaque },
  ]

  it.each(['whole', 'streamed'])('shows what a server tool did, and sends it back whole: %s', async (how) => {
    const sources = [{ url: 'https://a.example/', title: 'A' }]
    const call = { id: 's', name: 'web_search', input: { query: 'Lima' } }
    const uses: Part[] = [
      { type: 'provider-block', kind: 'server_tool_use', opaque, tool: call },
      {
        type: 'provider-block',
        kind: 'web_search_tool_result',
        opaque,
        tool: { id: 's', name: 'web_search', sources },
      },
      {
        type: 'provider-block',
        kind: 'code',
        opaque,
        tool: { id: 'c', name: 'code', input: {}, output: 'no', isError: true },
      },
      { type: 'text', text: 'Fog.' },
    ]
    const searched: BackendEvent[] = [
      ...uses.slice(0, 3).map((part): BackendEvent => ({ type: 'part', part })),
      { type: 'text', text: 'Fog.' },
      { type: 'finish', response: { finishReason: 'stop' } },
    ]
    const inner = mockProvider({ answers: [{ events: searched }, 'Sunny.'] })
    const model = chatModel(inner)
    let first: AIMessageChunk | undefined
    if (how === 'whole') first = await model.invoke('x')
    else for await (const piece of await model.stream('x')) first = first?.concat(piece) ?? piece
    expect(first?.text).toBe('Fog.')
    expect(first?.contentBlocks).toMatchObject([
      { type: 'server_tool_call', id: 's', name: 'web_search', args: { query: 'Lima' } },
      { type: 'server_tool_call_result', toolCallId: 's', status: 'success', output: { sources } },
      { type: 'server_tool_call', id: 'c', name: 'code', args: {} },
      { type: 'server_tool_call_result', toolCallId: 'c', status: 'error', output: { output: 'no' } },
      { type: 'text', text: 'Fog.' },
    ])
    await model.invoke([new HumanMessage('x'), first as AIMessageChunk, new HumanMessage('y')])
    expect(inner.requests[1]?.messages[1]?.content).toEqual(uses)
  })

  it.each(['whole', 'streamed'])('gets back its opaque state verbatim: %s', async (how) => {
    const inner = mockProvider({ answers: [{ events }, 'Sunny.'] })
    const model = chatModel(inner).bindTools([weather])
    let first: AIMessageChunk | undefined
    if (how === 'whole') first = await model.invoke('x')
    else for await (const piece of await model.stream('x')) first = first?.concat(piece) ?? piece
    await model.invoke([
      new HumanMessage('x'),
      first as AIMessageChunk,
      new ToolMessage({ tool_call_id: 'a', content: 'ok' }),
    ])
    expect(inner.requests[1]?.messages[1]?.content).toEqual(content)
  })

  it('fails with the one typed error, and ends when it is aborted', async () => {
    const limited = new LlmError('rate-limited', 'Slow down.', { retryAfterMs: 1500 })
    const model = chatModel(mockProvider({ answers: [limited] }), { maxRetries: 0 })
    await expect(model.invoke('x')).rejects.toMatchObject({ code: 'rate-limited', retryAfterMs: 1500 })
    const inner = mockProvider({ answers: [{ text: 'one two', interval: 60_000 }] })
    const controller = new AbortController()
    const reading = (async () => {
      for await (const _ of await chatModel(inner).stream('x', { signal: controller.signal }))
        controller.abort()
    })()
    await expect(reading).rejects.toThrow()
    await expect.poll(() => inner.running).toBe(0)
  })
})

describeProvider(
  'there and back: the local model as a chat model of LangChain, as a provider',
  () => {
    const inner = bundled()
    const provider = langchain(chatModel(inner, { maxRetries: 0 }), { embeddings: embeddings(inner) })
    const close = provider.close.bind(provider)
    const both = () => close().finally(() => inner.close())
    return Object.assign(provider, { close: both, [Symbol.asyncDispose]: both })
  },
  { timeout: 60_000 },
)
