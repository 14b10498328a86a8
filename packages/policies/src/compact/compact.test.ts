// Long conversations: what is sent of them, what it costs, and how it is told.
import { type ChatRequest, LlmError, type Message, type PreparedChat, type StatusEvent } from '@patchbay/core'
import { textOf } from '@patchbay/core/messages'
import { fakeClock, mockProvider } from '@patchbay/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { failureOf, read } from '../../test/failure.js'
import { compact, DelegatingProvider } from '../index.js'

const words = (name: string, count = 30) => `${name} ${'word '.repeat(count)}`.trim()
/** A conversation of so many questions and answers, and a last question. */
const talk = (turns: number, count = 30): Message[] => [
  ...Array.from({ length: turns }, (_, index): Message[] => [
    { role: 'user', content: words(`q${index}`, count) },
    { role: 'assistant', content: words(`a${index}`, count) },
  ]).flat(),
  { role: 'user', content: `q${turns} last` },
]
const isSummary = ({ messages }: PreparedChat) =>
  textOf(messages.at(-1)?.content ?? []).includes('<transcript>')
const textsOf = ({ messages }: PreparedChat) => messages.map(({ content }) => textOf(content))
const small = { at: 300, keep: 120 }
/** Answers chats with "Yes.", and requests for summaries with "They talked." */
const talker = (more: object = {}) =>
  mockProvider({
    exhausted: 'fail',
    answers: Array.from({ length: 20 }, () => (request: PreparedChat) => ({
      text: isSummary(request) ? 'They talked.' : 'Yes.',
      usage: isSummary(request)
        ? { inputTokens: 100, outputTokens: 10 }
        : { inputTokens: 20, outputTokens: 2 },
    })),
    ...more,
  })

describe('a conversation that nears the window', () => {
  it('is sent as a summary of its beginning and its end as it is', async () => {
    const inner = talker()
    const events: StatusEvent[] = []
    const messages = talk(6)
    const before = structuredClone(messages)
    const response = await compact(inner, small).chat(
      { system: 'Be kind.', messages },
      { onStatus: (event) => events.push(event) },
    )
    const [asked, sent] = inner.requests as [PreparedChat, PreparedChat]
    expect(isSummary(asked)).toBe(true)
    expect(textsOf(asked).at(-1)).toContain('User: q0')
    const [system, summary, ...rest] = textsOf(sent)
    expect(system).toBe('Be kind.')
    expect(summary).toMatch(/^Summary of \d+ earlier messages.*They talked\.$/s)
    expect(rest).toEqual(messages.slice(-rest.length).map(textOf))
    expect(rest.length).toBeGreaterThan(1)
    const left = messages.length - rest.length
    expect(events).toEqual([{ type: 'compacted', by: 'summary', messages: left }])
    expect(response.warnings).toMatchObject([
      { feature: 'compact', message: expect.stringMatching(`^${left} earlier messages .*mock-1`) },
    ])
    expect(messages).toEqual(before)
  })

  it('counts the summary in the usage of the call that made it, and in no other', async () => {
    const llm = compact(talker(), small)
    const messages = talk(6)
    const first = await llm.chat(messages)
    expect(first.usage).toEqual({ inputTokens: 120, outputTokens: 12 })
    expect((await llm.chat(messages)).usage).toEqual({ inputTokens: 20, outputTokens: 2 })
  })

  it('tells the start of its stream about it', async () => {
    const stream = compact(talker(), small).stream(talk(6))
    for await (const event of stream)
      if (event.type === 'start') expect(event.warnings).toMatchObject([{ feature: 'compact' }])
    expect((await stream.response()).warnings).toHaveLength(1)
  })

  it('is summarized once for its later turns, and again only when they are too long', async () => {
    const inner = talker()
    const llm = compact(inner, small)
    const messages = talk(6)
    const made: number[] = []
    for (let turn = 0; turn < 8; turn++) {
      const { message } = await llm.chat(messages)
      messages.push(message, { role: 'user', content: words(`more${turn}`) })
      made.push(inner.requests.filter(isSummary).length)
    }
    expect(made[0]).toBe(1)
    expect(made[1]).toBe(1)
    // A few more as it grows, far fewer than calls.
    expect(made.at(-1)).toBeGreaterThan(1)
    expect(made.at(-1)).toBeLessThan(5)
    const second = inner.requests.filter(isSummary)[1] as PreparedChat
    expect(textsOf(second).at(-1)).toContain('<summary-of-what-came-before>\nSummary of')
    expect(textsOf(second).at(-1)).not.toContain('User: q0')
  })

  it('is summarized once for calls at the same time', async () => {
    const inner = talker()
    const llm = compact(inner, small)
    const messages = talk(6)
    const all = await Promise.all([1, 2, 3].map(() => llm.chat(messages)))
    expect(inner.requests.filter(isSummary)).toHaveLength(1)
    expect(all.map(({ usage }) => usage.inputTokens).sort()).toEqual([120, 20, 20])
  })

  it('is trimmed with a note, without another request', async () => {
    const inner = talker()
    const llm = compact(inner, { ...small, by: 'trim' })
    const messages = talk(6)
    await llm.chat(messages)
    await llm.chat([...messages, { role: 'assistant', content: 'Yes.' }, { role: 'user', content: 'And?' }])
    const [first, second] = inner.requests.map(textsOf) as [string[], string[]]
    expect(inner.requests).toHaveLength(2)
    expect(first[0]).toMatch(/^\[\d+ earlier messages of this conversation were left out/)
    // The same beginning again, so that prompt caches find it.
    expect(second.slice(0, first.length)).toEqual(first)
  })

  it('is summarized by the provider that is given, which stays open', async () => {
    const [inner, other] = [talker(), talker({ model: 'small-1' })]
    const llm = compact(inner, { ...small, summarizer: other, instructions: 'Keep all numbers.' })
    await llm.chat(talk(6))
    expect(inner.requests).toHaveLength(1)
    expect(textsOf(other.requests[0] as PreparedChat).at(-1)).toMatch(
      /in at most \d+ words\. Keep all numbers\./,
    )
    await llm.close()
    expect((await other.chat('Still there?')).text).toBe('Yes.')
  })

  it('is read in pieces by a summarizer with a small window', async () => {
    const other = talker({ capabilities: { contextWindow: 600 } })
    const response = await compact(talker(), { ...small, summarizer: other }).chat(talk(12))
    expect(other.requests.length).toBeGreaterThan(1)
    for (const request of other.requests) expect(textsOf(request).at(-1)?.length).toBeLessThan(1200)
    expect(response.usage.inputTokens).toBe(other.requests.length * 100 + 20)
  })

  it('keeps the defaults of its provider out of the summary', async () => {
    const inner = talker({
      defaults: {
        ...{ tools: [{ name: 'look', input: { type: 'object' } }], toolChoice: 'required', output: 'json' },
        system: 'Speak like a pirate.',
      },
    })
    await compact(inner, small)
      .chat(talk(6))
      .catch(() => {})
    const [asked] = inner.requests as [PreparedChat]
    expect(asked).toMatchObject({ tools: [] })
    expect(asked.output).toBeUndefined()
    expect(JSON.stringify(asked)).not.toContain('pirate')
  })
})

describe('what stays as it is', () => {
  const sentOf = async (request: ChatRequest, options = {}): Promise<PreparedChat> => {
    const inner = talker()
    await compact(inner, { ...small, ...options }).chat(request)
    return inner.requests.at(-1) as PreparedChat
  }

  it('the newest message of the user, however long the work for it is', async () => {
    const steps = Array.from({ length: 10 }, (_, index): Message[] => [
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'Hm.', opaque: { provider: 'mock', data: `signature ${index}` } },
          { type: 'tool-call', id: `call_${index}`, name: 'look', input: { at: index } },
        ],
      },
      { role: 'tool', content: [{ type: 'tool-result', id: `call_${index}`, output: words(`r${index}`) }] },
    ]).flat()
    const { messages } = await sentOf({
      messages: [...talk(3), ...steps],
      tools: [{ name: 'look', input: { type: 'object' } }],
    })
    const texts = messages.map(({ content }) => textOf(content))
    expect(texts[0]).toContain('They talked.')
    expect(texts[1]).toBe('q3 last')
    const rest = messages.slice(2)
    expect(rest.length).toBeGreaterThan(0)
    // Pairs are whole: each call with its reasoning, then its result.
    for (let at = 0; at < rest.length; at += 2) {
      expect(rest[at]?.content.map(({ type }) => type)).toEqual(['reasoning', 'tool-call'])
      expect(rest[at]?.content[0]?.opaque).toBeDefined()
      expect(rest[at + 1]?.content).toMatchObject([
        { type: 'tool-result', id: (rest[at]?.content[1] as { id: string }).id },
      ])
    }
  })

  it('pinned messages, with what they belong to', async () => {
    const messages = talk(6)
    const pinned = messages[2] as Message
    const { messages: sent } = await sentOf(
      { messages },
      { pinned: (message: Message) => message === pinned },
    )
    expect(sent.map(({ content }) => textOf(content))[1]).toBe(textOf(pinned))
  })

  it('system messages, wherever they are', async () => {
    const messages = talk(6)
    messages.splice(3, 0, { role: 'system', content: 'Be brief from now on.' })
    const { messages: sent } = await sentOf({ messages })
    expect(sent.filter(({ role }) => role === 'system')).toMatchObject([
      { content: [{ text: 'Be brief from now on.' }] },
    ])
  })

  it('a short conversation, and one that is one message', async () => {
    for (const messages of [
      talk(1),
      [{ role: 'user' as const, content: words('q', 2000) }],
      words('q', 2000),
    ]) {
      const inner = talker()
      const response = await compact(inner, small).chat(messages)
      expect(inner.requests).toHaveLength(1)
      expect(response.warnings).toEqual([])
    }
  })

  it('a mark of a prompt cache, at the end of the summary', async () => {
    const messages = talk(6)
    messages[1] = { ...(messages[1] as Message), cache: { ttl: '1h' } }
    const { messages: sent } = await sentOf({ messages })
    expect(sent[0]).toMatchObject({ cache: { ttl: '1h' } })
  })
})

describe('limits', () => {
  it('are shares of the window that the provider tells, or that is given', async () => {
    const counts = await Promise.all(
      [{ contextWindow: 2000 }, { contextWindow: 100_000 }].map(async (capabilities) => {
        const inner = talker({ capabilities })
        await compact(inner, { at: 0.5, by: 'trim' }).chat(talk(20))
        return inner.requests[0]?.messages.length
      }),
    )
    expect(counts[0]).toBeLessThan(41)
    expect(counts[1]).toBe(41)
    const inner = talker({ capabilities: { contextWindow: undefined } })
    await compact(inner, { at: 0.5, window: 2000, by: 'trim' }).chat(talk(20))
    expect(inner.requests[0]?.messages.length).toBe(counts[0])
  })

  it('leave room for the answer', async () => {
    const inner = talker({ capabilities: { contextWindow: 4000 } })
    const llm = compact(inner, { at: 1, keep: 0.2, by: 'trim' })
    await llm.chat({ messages: talk(20) })
    await llm.chat({ messages: talk(20), maxOutputTokens: 3000 })
    expect(inner.requests[0]?.messages).toHaveLength(41)
    expect(inner.requests[1]?.messages.length).toBeLessThan(41)
  })

  it('are tokens as the provider counts them, where it is asked', async () => {
    let counted = 0
    const inner = talker()
    class Counting extends DelegatingProvider {
      override async countTokens() {
        counted++
        return 10_000
      }
    }
    const counting = new Counting(inner)
    await compact(counting, { at: 2500, keep: 600, by: 'trim', count: 'provider' }).chat(talk(20))
    expect(counted).toBe(1)
    expect(inner.requests[0]?.messages.length).toBeLessThan(41)
  })

  it('that cannot be known are told when the request is too long', async () => {
    const inner = talker({
      capabilities: { contextWindow: undefined },
      answers: [new LlmError('context-length', 'Too long.')],
    })
    expect(await failureOf(compact(inner).chat(talk(40)))).toMatchObject({
      code: 'context-length',
      message: expect.stringContaining('set its option window'),
    })
  })

  it.each([
    { at: 0 },
    { at: -1 },
    { keep: Number.NaN },
    { at: 0.5, keep: 0.5 },
    { at: 100, keep: 200 },
    { window: 0 },
    { by: 'sumary' as never },
    { count: 'x' as never },
  ])('that make no sense are refused: %j', (options) => {
    expect(() => compact(talker(), options)).toThrow(expect.objectContaining({ code: 'config' }))
  })
})

describe('a summary that cannot be made', () => {
  it.each<[string, object, number | undefined]>([
    ['an error', { error: new LlmError('overloaded', 'Busy.') }, undefined],
    [
      'an answer that was cut off',
      { text: 'They', finishReason: 'length', usage: { inputTokens: 100 } },
      100,
    ],
    ['an empty answer', { text: ' ', usage: { inputTokens: 100 } }, 100],
  ])('because of %s leaves the conversation as it is, with a warning and its usage', async (_, answer, used) => {
    const summarizer = mockProvider({ retry: false, answers: [answer] })
    const inner = talker()
    const messages = talk(6)
    const response = await compact(inner, { ...small, summarizer }).chat(messages)
    expect(inner.requests[0]?.messages).toHaveLength(messages.length)
    expect(response.warnings).toMatchObject([{ message: expect.stringContaining('could not be summarized') }])
    expect(response.usage.inputTokens).toBe(used === undefined ? 20 : 20 + used)
    // It is tried again with the next call.
    await compact(inner, { ...small, summarizer }).chat(messages)
    expect(summarizer.requests.length).toBe(2)
  })

  it('because its caller left stops at once', async () => {
    const clock = fakeClock()
    const summarizer = mockProvider({ clock, answers: [{ delay: 1000, text: 'Late.' }] })
    const inner = talker()
    const llm = compact(inner, { ...small, summarizer })
    const controller = new AbortController()
    const call = failureOf(llm.chat(talk(6), { signal: controller.signal }))
    await expect.poll(() => summarizer.running).toBe(1)
    controller.abort()
    expect(await call).toMatchObject({ code: 'aborted' })
    await expect.poll(() => summarizer.running).toBe(0)
    expect(inner.requests).toHaveLength(0)
  })

  it('in time ends the call with a timeout', async () => {
    const clock = fakeClock()
    const summarizer = mockProvider({ clock, answers: [{ delay: 60_000, text: 'Late.' }] })
    const inner = talker({ clock })
    const call = failureOf(compact(inner, { ...small, summarizer, clock }).chat(talk(6), { timeout: 5000 }))
    await expect.poll(() => summarizer.running).toBe(1)
    await clock.advance(5000)
    expect(await call).toMatchObject({ code: 'timeout' })
    expect(inner.requests).toHaveLength(0)
  })
})

it('is sent with the summary of before when the next one fails', async () => {
  let broken = false
  const summarizer = mockProvider({
    retry: false,
    answers: Array.from({ length: 9 }, () => () => {
      if (broken) throw new LlmError('rate-limited', 'Slow down.')
      return 'They talked.'
    }),
  })
  const inner = mockProvider({ answers: Array.from({ length: 9 }, () => 'Yes.') })
  const llm = compact(inner, { ...small, summarizer })
  await llm.chat(talk(6))
  broken = true
  const { warnings } = await llm.chat(talk(12))
  const sent = inner.requests.at(-1) as PreparedChat
  expect(textsOf(sent)[0]).toContain('They talked.')
  expect(sent.messages.length).toBeLessThan(talk(12).length)
  expect(warnings.some(({ message }) => message.includes('Slow down.'))).toBe(true)
})

it('a window of 0 is one that nobody knows, also of the model that summarizes', async () => {
  const inner = mockProvider({ capabilities: { contextWindow: 0 } })
  expect((await compact(inner, {}).chat(talk(60, 300))).text).not.toBe('')
  expect(inner.requests).toHaveLength(1)
  const summarizer = mockProvider({
    capabilities: { contextWindow: 0 },
    answers: Array.from({ length: 99 }, () => 'They talked.'),
  })
  const llm = compact(mockProvider(), { ...small, summarizer })
  expect((await llm.chat(talk(6))).warnings).toHaveLength(1)
})

it('a window below any that models have counts too', async () => {
  const inner = talker()
  await compact(inner, { window: 256 }).chat(talk(6))
  expect(inner.requests).toHaveLength(2)
})

it('counts the summary in the error of a call that fails after it', async () => {
  const inner = mockProvider({ retry: false, answers: [new LlmError('server-error', 'Down.')] })
  const error = await failureOf(compact(inner, { ...small, summarizer: talker() }).chat(talk(6)))
  expect(error).toMatchObject({ code: 'server-error', usage: { inputTokens: 100, outputTokens: 10 } })
})

it('law: what is sent fits, begins with the user, and ends as the conversation ends', async () => {
  const turn = fc.record({ size: fc.integer({ min: 1, max: 60 }), steps: fc.integer({ min: 0, max: 3 }) })
  const turns = fc.array(turn, { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(turns, fc.constantFrom('trim' as const, 'summary' as const), async (all, by) => {
      const messages = all.flatMap(({ size, steps }, index): Message[] => [
        { role: 'user', content: words(`q${index}`, size) },
        ...Array.from({ length: steps }, (_, step): Message[] => [
          {
            role: 'assistant',
            content: [{ type: 'tool-call', id: `${index}.${step}`, name: 'look', input: {} }],
          },
          {
            role: 'tool',
            content: [{ type: 'tool-result', id: `${index}.${step}`, output: words('r', size) }],
          },
        ]).flat(),
        ...(index === all.length - 1
          ? []
          : [{ role: 'assistant' as const, content: words(`a${index}`, size) }]),
      ])
      const inner = talker()
      const response = await compact(inner, { at: 400, keep: 150, by }).chat(messages)
      const { messages: sent } = inner.requests.at(-1) as PreparedChat
      expect(sent[0]?.role).toBe('user')
      const newest = messages.findLast(({ role }) => role === 'user') as Message
      expect(sent.map(({ content }) => textOf(content))).toContain(textOf(newest))
      expect(sent.at(-1)).toMatchObject({ role: messages.at(-1)?.role })
      const calls = sent.flatMap(({ content }) =>
        content.flatMap((part) => (part.type === 'tool-call' ? [part.id] : [])),
      )
      const results = sent.flatMap(({ content }) =>
        content.flatMap((part) => (part.type === 'tool-result' ? [part.id] : [])),
      )
      expect(results).toEqual(calls)
      // Nothing is left out in silence.
      expect(response.warnings).toHaveLength(sent.length < messages.length ? 1 : 0)
    }),
    { numRuns: 60 },
  )
})

it('reads a stream to its end', async () => {
  expect(await read(compact(talker(), small).stream(talk(6)))).toBe('Yes.')
})

it('knows a conversation again by the bytes in it, which are read once', async () => {
  const image = (fill: number) => ({
    ...{ type: 'image' as const, mediaType: 'image/png' },
    data: new Uint8Array(1_000_000).fill(fill),
  })
  const with1 = (part: ReturnType<typeof image>): Message[] => {
    const [first, ...rest] = talk(6)
    return [{ role: 'user', content: [part, { type: 'text', text: textOf(first?.content ?? '') }] }, ...rest]
  }
  const inner = talker()
  const llm = compact(inner, small)
  const same = image(1)
  await llm.chat(with1(same))
  await llm.chat(with1(same))
  await llm.chat(with1(image(1)))
  const summaries = () => inner.requests.filter(isSummary).length
  expect(summaries()).toBe(1)
  await llm.chat(with1(image(2)))
  expect(summaries()).toBe(2)
})
