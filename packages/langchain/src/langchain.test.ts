// Providers in LangChain's own chains and agents, its models as providers, and both ways at once.
import { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages'
import { StringOutputParser } from '@langchain/core/output_parsers'
import { ChatGenerationChunk } from '@langchain/core/outputs'
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

  it.each(['whole', 'streamed'])('gets back verbatim what it must: %s', async (how) => {
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

describe('a chat model of LangChain as a provider', () => {
  class Played extends BaseChatModel {
    constructor(private readonly chunks: AIMessageChunk[]) {
      super({})
    }
    override _llmType() {
      return 'played'
    }
    override _generate(): never {
      throw new Error('it streams')
    }
    override async *_streamResponseChunks() {
      for (const message of this.chunks) yield new ChatGenerationChunk({ text: message.text, message })
    }
  }
  const playing = (chunks: AIMessageChunk[]) => new Played(chunks)

  it('streams, and says what it used', async () => {
    const usage_metadata = { input_tokens: 5, output_tokens: 2, total_tokens: 7 }
    const last = Object.assign(
      new AIMessageChunk({ content: '', response_metadata: { finish_reason: 'length' } }),
      { usage_metadata },
    )
    const provider = langchain(playing([new AIMessageChunk('One '), new AIMessageChunk('two'), last]), {
      model: 'played',
    })
    const response = await provider.chat('x')
    expect(response).toMatchObject({
      text: 'One two',
      model: 'played',
      finishReason: 'length',
      usage: { inputTokens: 5, outputTokens: 2 },
    })
  })

  it('gets all that a conversation holds, or a warning names it', async () => {
    let prompt = ''
    const model = playing([new AIMessageChunk('x')])
    const { stream } = model
    model.stream = (input, options) => {
      prompt = JSON.stringify(input)
      return stream.call(model, input, options)
    }
    const { warnings } = await langchain(model).chat({
      messages: [
        { role: 'user', content: 'Hi.', cache: true },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'So.', citations: [{ title: 'T' }] },
            { type: 'provider-block', kind: 'search', opaque: { provider: 'else', data: {} } },
            { type: 'tool-result', id: 'own', name: 'search', output: 'found it' },
            { type: 'tool-call', id: 'a', name: 'f', input: {} },
          ],
        },
        {
          role: 'tool',
          content: [
            {
              type: 'tool-result',
              id: 'a',
              isError: true,
              output: [
                { type: 'text', text: 'it broke' },
                { type: 'file', data: 'JVBERi0=', mediaType: 'application/pdf', name: 'report.pdf' },
              ],
            },
          ],
        },
      ],
    })
    for (const words of ['found it', '"status":"error"', 'it broke', 'report.pdf'])
      expect(prompt).toContain(words)
    expect(warnings.map(({ feature }) => feature)).toEqual(['cache', 'citations', 'provider-block'])
  })

  it('refuses what LangChain has no word for', async () => {
    const provider = langchain(playing([new AIMessageChunk('x')]))
    await expect(provider.chat({ messages: 'x', temperature: 0 })).rejects.toMatchObject({
      code: 'unsupported',
    })
    await expect(provider.embed('x')).rejects.toMatchObject({ code: 'unsupported' })
  })

  it('says what the service said, of a failure of whatever form, and asks once', async () => {
    const words = `prompt is too long: 5 tokens > 3 maximum ${'x'.repeat(300)} sk-a-key-of-somebody`
    const bare = (message: string, more: object) => Object.assign(new Error(message), more)
    const told = {
      'an error of a client': bare('400', { status: 400, error: { message: words } }),
      'an overflow by its code': bare('No', {
        status: 400,
        error: { message: words, code: 'context_length_exceeded' },
      }),
      "LangChain's own": bare(`${words}\n\nTroubleshooting URL: https://x`, {
        cause: bare(words, { status: 400 }),
      }),
      "Ollama's": bare(words, { status_code: 400, name: 'ResponseError' }),
    }
    for (const failure of Object.values(told)) {
      const model = Object.assign(playing([]), { apiKey: 'sk-a-key-of-somebody' })
      const asked: unknown[] = []
      model.stream = (_, options) => {
        asked.push(options?.maxRetries)
        return Promise.reject(failure)
      }
      const error: LlmError = await langchain(model)
        .chat('x')
        .catch((thrown) => thrown)
      expect(error).toMatchObject({ code: 'context-length', status: 400, retryable: false })
      expect(error.responseBody).toContain('x'.repeat(300))
      expect(JSON.stringify(error) + error.stack).not.toContain('sk-a-key')
      expect(asked).toEqual([0])
    }
    const model = playing([])
    model.stream = () =>
      Promise.reject(new TypeError('fetch failed', { cause: bare('', { code: 'ECONNRESET' }) }))
    await expect(langchain(model, { retry: false }).chat('x')).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('ECONNRESET'),
    })
  })

  it('knows a status', async () => {
    const model = playing([])
    model.stream = () => Promise.reject(Object.assign(new Error('No'), { status: 401 }))
    await expect(langchain(model, { retry: false }).chat('x')).rejects.toMatchObject({
      code: 'authentication',
      status: 401,
    })
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
