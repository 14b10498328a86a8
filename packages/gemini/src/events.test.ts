// Answers of the Gemini API as events and responses: thoughts, signatures, calls, media, endings, usage.
import type { ChatEvent, ChatResponse } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { json, sse } from '../test/server.js'
import { ask, chunk, failureOf, last } from '../test/wire.js'

const streamed = async (...chunks: object[]) => {
  const events: ChatEvent[] = []
  for await (const event of (await ask(sse(chunks))).stream('x')) events.push(event)
  const end = events.at(-1) as { response: ChatResponse }
  return { events, ...end.response }
}
const whole = async (answer: object) =>
  (await ask(json(answer))).chat({ messages: 'x', maxOutputTokens: 100 })

/** The same parts streamed and in one piece. */
const forms = (parts: object[], more: object = {}) =>
  [
    ['streamed', () => streamed(...parts.map((part) => chunk([part])), last('STOP', [], more))],
    ['whole', () => whole(last('STOP', parts, more))],
  ] as const

const state = (data: object) => ({ provider: 'gemini', host: expect.stringMatching(/^127/), data })

describe.each(
  forms([
    { text: 'Hm.', thought: true },
    { text: 'Let me look.' },
    { functionCall: { id: 'fc_1', name: 'look', args: { at: 1 } }, thoughtSignature: 'c2ln' },
    { functionCall: { name: 'look' } },
  ]),
)('an answer with thoughts and calls, %s', (_, answer) => {
  it('keeps every signature with the part it came with', async () => {
    const { message, finishReason, toolCalls } = await answer()
    expect(message.content).toMatchObject([
      { type: 'reasoning', text: 'Hm.', opaque: state({ thought: true }) },
      { type: 'text', text: 'Let me look.' },
      { type: 'tool-call', input: { at: 1 }, opaque: state({ id: 'fc_1', thoughtSignature: 'c2ln' }) },
      { type: 'tool-call', input: {} },
    ])
    expect(finishReason).toBe('tool-calls')
    expect(new Set(toolCalls.map(({ id }) => id)).size).toBe(2)
  })
})

it('a turn goes back to the host that made it: thoughts, ids and signatures on their parts, results in the order of the calls', async () => {
  const provider = await ask(
    sse([
      chunk([{ text: 'Hm.', thought: true }]),
      chunk([{ functionCall: { id: 'fc_1', name: 'a', args: {} }, thoughtSignature: 'c2ln' }]),
      chunk([{ functionCall: { id: 'fc_2', name: 'b', args: {} } }]),
      last(),
    ]),
  )
  const { message, toolCalls } = await provider.stream('x').response()
  const sent: unknown[] = []
  const { gemini } = await import('./index.js')
  const again = gemini('gemini-3.6-flash', {
    apiKey: 'k',
    retry: false,
    baseURL: `http://${message.content[0]?.opaque?.host}`,
    fetch: async (_, init) => {
      sent.push(JSON.parse(String(init?.body)))
      return Response.json(last('STOP', [{ text: 'ok' }]))
    },
  })
  const results = [...toolCalls]
    .reverse()
    .map(({ id, name }) => ({ type: 'tool-result' as const, id, output: `${name}!` }))
  await again.chat({ messages: ['x', message, { role: 'tool', content: results }], maxOutputTokens: 9 })
  const { contents } = sent[0] as { contents: { parts: object[] }[] }
  expect(contents[1]?.parts).toEqual([
    { text: 'Hm.', thought: true },
    { functionCall: { id: 'fc_1', name: 'a', args: {} }, thoughtSignature: 'c2ln' },
    { functionCall: { id: 'fc_2', name: 'b', args: {} } },
  ])
  expect(contents[2]?.parts).toEqual([
    { functionResponse: { id: 'fc_1', name: 'a', response: { output: 'a!' } } },
    { functionResponse: { id: 'fc_2', name: 'b', response: { output: 'b!' } } },
  ])
})

it('a signature that comes alone, after the text, is a part of its own and stays one', async () => {
  const { message, text } = await streamed(
    chunk([{ text: 'Hello' }]),
    chunk([{ text: ' there' }]),
    last('STOP', [{ text: '', thoughtSignature: 'c2ln' }]),
  )
  expect(text).toBe('Hello there')
  expect(message.content).toMatchObject([
    { type: 'text', text: 'Hello there' },
    { type: 'reasoning', text: '', opaque: state({ thoughtSignature: 'c2ln' }) },
  ])
})

it('a signed text is not joined with the text before it', async () => {
  const { message } = await streamed(
    chunk([{ text: 'Hello' }]),
    last('STOP', [{ text: ' there', thoughtSignature: 'c2ln' }]),
  )
  expect(message.content).toMatchObject([
    { type: 'text', text: 'Hello' },
    { type: 'text', text: ' there', opaque: state({ thoughtSignature: 'c2ln' }) },
  ])
})

it('an image that the model drew is an image, with its signature', async () => {
  const image = { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' }, thoughtSignature: 'c2ln' }
  const { message } = await streamed(chunk([image]), last())
  expect(message.content).toMatchObject([
    {
      type: 'image',
      mediaType: 'image/png',
      data: 'iVBORw0KGgo=',
      opaque: state({ thoughtSignature: 'c2ln' }),
    },
  ])
})

it.each([
  [{ executableCode: { language: 'PYTHON', code: '1' } }, 'executableCode'],
  [{ codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } }, 'codeExecutionResult'],
  [{ toolCall: { id: 'a' }, thoughtSignature: 'c2ln' }, 'toolCall'],
  [{ somethingNew: { a: 1 } }, 'somethingNew'],
])('a part that only Gemini understands is kept whole: %j', async (part, kind) => {
  const { message } = await streamed(chunk([part]), last())
  expect(message.content).toMatchObject([{ type: 'provider-block', kind, opaque: state(part) }])
})

describe('the end', () => {
  it.each([
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content-filter'],
    ['RECITATION', 'content-filter'],
    ['PROHIBITED_CONTENT', 'content-filter'],
    ['SPII', 'content-filter'],
    ['IMAGE_SAFETY', 'content-filter'],
    ['OTHER', 'other'],
    ['NEXT_YEARS_REASON', 'other'],
  ])('%s is %s', async (raw, finishReason) => {
    expect(await streamed(chunk([{ text: 'a' }]), last(raw))).toMatchObject({
      finishReason,
      rawFinishReason: raw,
    })
  })

  it('of a call that the model could not write is told with the words of the service', async () => {
    const { finishReason, warnings } = await streamed(
      last('MALFORMED_FUNCTION_CALL', [], { finishMessage: 'Malformed function call: look(' }),
    )
    expect(finishReason).toBe('other')
    expect(warnings).toMatchObject([{ message: expect.stringContaining('look(') }])
  })

  it('of a prompt that was blocked is content-filter, with the reason', async () => {
    const blocked = {
      promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
      usageMetadata: { promptTokenCount: 3 },
    }
    for (const response of [await streamed(blocked), await whole(blocked)])
      expect(response).toMatchObject({
        finishReason: 'content-filter',
        rawFinishReason: 'PROHIBITED_CONTENT',
        text: '',
        usage: { inputTokens: 3 },
      })
  })

  it('that never comes is an error, with what had come', async () => {
    const provider = await ask(sse([chunk([{ text: 'Hel' }])]))
    const error = await failureOf(provider.stream('x').response())
    expect(error).toMatchObject({ code: 'bad-response', partial: { text: 'Hel' } })
  })
})

describe('usage', () => {
  it('counts thoughts as output, and what tools of the service read as input', async () => {
    const { usage } = await streamed({
      ...last(),
      usageMetadata: {
        promptTokenCount: 10,
        toolUsePromptTokenCount: 5,
        cachedContentTokenCount: 4,
        candidatesTokenCount: 7,
        thoughtsTokenCount: 20,
        totalTokenCount: 42,
      },
    })
    expect(usage).toEqual({ inputTokens: 15, cachedInputTokens: 4, outputTokens: 27, reasoningTokens: 20 })
  })

  it('of an answer that was all thought has the thoughts alone', async () => {
    const { usage } = await streamed({
      ...last('MAX_TOKENS'),
      usageMetadata: { promptTokenCount: 10, thoughtsTokenCount: 20 },
    })
    expect(usage).toEqual({ inputTokens: 10, outputTokens: 20, reasoningTokens: 20 })
  })
})

it('citations of a grounded answer have their sources and their place, counted in characters', async () => {
  const text = 'Zürich is in 🇨🇭 Switzerland.'
  const bytes = (piece: string) => new TextEncoder().encode(piece).length
  const end = bytes(text)
  const start = bytes('Zürich is in ')
  const { message } = await streamed(
    chunk([{ text }]),
    last('STOP', [], {
      groundingMetadata: {
        groundingChunks: [{ web: { uri: 'https://example.com/zh', title: 'Zürich' } }],
        groundingSupports: [
          { segment: { startIndex: start, endIndex: end, text: '' }, groundingChunkIndices: [0] },
        ],
      },
    }),
  )
  expect(message.content).toMatchObject([
    {
      type: 'text',
      citations: [
        { url: 'https://example.com/zh', title: 'Zürich', start: 'Zürich is in '.length, end: text.length },
      ],
    },
  ])
})

it('log-probabilities come with their text; a certain token has none in the JSON', async () => {
  const provider = await ask(
    sse([
      chunk([{ text: 'Hi' }], {
        logprobsResult: {
          chosenCandidates: [{ token: 'Hi', tokenId: 1 }],
          topCandidates: [{ candidates: [{ token: 'Hi' }, { token: 'Ho', logProbability: -9 }] }],
        },
      }),
      last(),
    ]),
  )
  const { logprobs } = await provider.stream({ messages: 'x', logprobs: 2 }).response()
  expect(logprobs).toEqual([
    {
      token: 'Hi',
      logprob: 0,
      top: [
        { token: 'Hi', logprob: 0 },
        { token: 'Ho', logprob: -9 },
      ],
    },
  ])
})

it('an error in the middle of a stream is the error of the call', async () => {
  const provider = await ask(
    sse([
      chunk([{ text: 'Hel' }]),
      { error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } },
    ]),
  )
  expect(await failureOf(provider.stream('x').response())).toMatchObject({
    code: 'overloaded',
    partial: { text: 'Hel' },
  })
})

it.each([
  {},
  { choices: [] },
  [],
  'Hello',
])('a 200 that is not an answer of this API says so: %j', async (body) => {
  const error = await failureOf(whole(body as object))
  expect(error.code).toBe('bad-response')
})

describe('citations stay with the last text', () => {
  const groundingMetadata = {
    groundingChunks: [{ web: { uri: 'https://example.com/' } }],
    groundingSupports: [{ segment: { endIndex: 2 }, groundingChunkIndices: [0] }],
  }
  it.each([
    ['with a signature after it', [{ text: 'Ab' }, { text: '', thoughtSignature: 's' }]],
    ['with its own signature', [{ text: 'Ab', thoughtSignature: 's' }]],
    ['with a call after it', [{ text: 'Ab' }, { functionCall: { name: 'look', args: {} } }]],
  ])('%s', async (_, parts) => {
    const provider = await ask(
      sse([...parts.map((part) => chunk([part])), last('STOP', [], { groundingMetadata })]),
    )
    const providerOptions = { gemini: { tools: [{ googleSearch: {} }] } }
    const { message } = await provider.stream({ messages: 'x', providerOptions }).response()
    expect(message.content[0]).toMatchObject({
      type: 'text',
      text: 'Ab',
      citations: [{ url: 'https://example.com/', start: 0, end: 2 }],
    })
    expect(message.content).toHaveLength(parts[0] && 'thoughtSignature' in parts[0] ? 1 : 2)
  })
})

it('a part without content is nothing, and a signature alone is kept', async () => {
  const empty = [{}, { text: null }, { thought: true }]
  const { message } = await streamed(
    chunk(empty),
    chunk([{ text: 'a' }]),
    last('STOP', [{ thoughtSignature: 'zz' }]),
  )
  expect(message.content).toMatchObject([
    { type: 'text', text: 'a' },
    { type: 'reasoning', text: '', opaque: state({ thoughtSignature: 'zz' }) },
  ])
})

it('a prompt that was blocked for a reason we do not know is withheld too, with the words of the service', async () => {
  const { finishReason, warnings } = await streamed({
    promptFeedback: { blockReason: 'OTHER', blockReasonMessage: 'Not this.' },
    usageMetadata: {},
  })
  expect(finishReason).toBe('content-filter')
  expect(warnings).toMatchObject([{ message: expect.stringContaining('Not this.') }])
})

it('an answer that came as a list, without events, is read all the same', async () => {
  const provider = await ask(json([chunk([{ text: 'Hel' }]), last('STOP', [{ text: 'lo' }])]))
  expect((await provider.stream('x').response()).text).toBe('Hello')
})
