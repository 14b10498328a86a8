// The collected response: its parts, times and usage, and what is left of an answer that failed or was abandoned.
import { describe, expect, it } from 'vitest'
import { can, failureOf, finish, overTime, say, world } from '../../test/world.js'
import { type BackendEvent, type ChatEvent, defineProvider, LlmError } from '../index.js'

it('usage that is known early is told by whatever breaks or is left, and by an answer that says no more', async () => {
  const known: BackendEvent = { type: 'usage', usage: { inputTokens: 1234 } }
  const broken = world([[known, say('a'), { fail: new LlmError('network', 'Gone.') }]])
  expect((await failureOf(broken.provider.chat('x'))).partial?.usage).toEqual({ inputTokens: 1234 })

  const left = world([[known, say('a'), say('b'), finish]]).provider.stream('x')
  for await (const { type } of left) if (type === 'text') break
  expect((await failureOf(left.response())).partial?.usage).toEqual({ inputTokens: 1234 })

  const whole = world([
    [known, say('a'), { type: 'finish', response: { finishReason: 'stop', usage: { outputTokens: 1 } } }],
  ])
  expect((await whole.provider.chat('x')).usage).toEqual({ inputTokens: 1234, outputTokens: 1 })
})

it('usage of attempts that failed is part of what the call used, answered in the end or not', async () => {
  const used = (inputTokens: number): BackendEvent => ({ type: 'usage', usage: { inputTokens } })
  const busy = (tokens: number) => [used(tokens), { fail: new LlmError('overloaded', 'Busy.') }]
  const answered = world([busy(1000), busy(100), [used(10), say('a'), finish]], { retry: { baseDelay: 1 } })
  const response = answered.provider.chat('x')
  await answered.clock.advance(1000)
  expect(await response).toMatchObject({ attempts: 3, usage: { inputTokens: 1101 } })

  const failed = world([busy(1000), busy(100)], { retry: { retries: 1, baseDelay: 1 } })
  const failing = failureOf(failed.provider.chat('x'))
  await failed.clock.advance(1000)
  const error = await failing
  expect(error).toMatchObject({ code: 'overloaded', usage: { inputTokens: 1100 } })
  expect(error.partial).toBeUndefined()

  const unknown = world([[{ fail: new LlmError('overloaded', 'Busy.') }]], { retry: false })
  expect(await failureOf(unknown.provider.chat('x'))).not.toHaveProperty('usage')
})

it.each<[string, BackendEvent]>([
  ['text', { type: 'text', text: 'x'.repeat(2 ** 20) }],
  ['reasoning', { type: 'reasoning', text: 'x'.repeat(2 ** 20) }],
  ['the input of a tool', { type: 'tool-call-delta', id: '1', json: 'x'.repeat(2 ** 20) }],
])('an answer without an end is not held without one: %s', async (_, piece) => {
  let given = 0
  const provider = defineProvider({
    provider: 'endless',
    model: 'endless-1',
    capabilities: () => can,
    async *chat() {
      yield { type: 'tool-call-start', id: '1', name: 't' }
      for (;;) {
        given++
        yield piece
      }
    },
  })
  expect(await failureOf(provider.chat('x'))).toMatchObject({
    code: 'bad-response',
    message: expect.stringContaining('64 MiB'),
  })
  expect(given).toBe(65)
})

describe('the parts of an answer', () => {
  const partsOf = async (...events: BackendEvent[]) => {
    const { message, warnings } = await world([[...events, finish]]).provider.chat('x')
    return { content: message.content, warnings }
  }
  const think = (text: string): BackendEvent => ({ type: 'reasoning', text })
  const callStart: BackendEvent = { type: 'tool-call-start', id: '1', name: 'wave' }

  it('are one for each run of text or reasoning, however many pieces it has', async () => {
    const { content } = await partsOf(think('a'), think('b'), say('c'), say('d'), think('e'), say('f'))
    expect(content).toEqual([
      { type: 'reasoning', text: 'ab' },
      { type: 'text', text: 'cd' },
      { type: 'reasoning', text: 'e' },
      { type: 'text', text: 'f' },
    ])
  })

  it('end where the backend says so: what it adds belongs to the text before, and the next text is another part', async () => {
    const citations = [{ url: 'https://a.example/' }]
    const { content } = await partsOf(say('a'), { type: 'part-end', citations }, say('b'))
    expect(content).toEqual([
      { type: 'text', text: 'a', citations },
      { type: 'text', text: 'b' },
    ])
  })

  it('begin anew if the service begins its message again: no text and no open call of before is left', async () => {
    const warning = { code: 'other', feature: 'stream', message: 'It began its message again.' } as const
    const again: BackendEvent = { type: 'start', restart: true, warnings: [warning] }
    const { content, warnings } = await partsOf(say('a'), callStart, again, say('b'))
    expect(content).toEqual([{ type: 'text', text: 'b' }])
    expect(warnings).toEqual([warning])
  })

  it('do not include a call that the answer ended in; a warning names it', async () => {
    const { content, warnings } = await partsOf(say('a'), callStart)
    expect(content).toEqual([{ type: 'text', text: 'a' }])
    expect(warnings).toEqual([
      expect.objectContaining({ feature: 'tools', message: expect.stringContaining('wave') }),
    ])
  })
})

it('times count from the start of the call: firstTokenMs to the first content, totalMs to the end', async () => {
  const script = [{ wait: 30 }, say('a'), { wait: 50 }, say('b'), { wait: 20 }, finish]
  const { provider, clock } = world([script])
  const response = await overTime(clock, provider.chat('x'), 10)
  expect(response.timing).toStrictEqual({ firstTokenMs: 30, totalMs: 100 })

  const late = world([[{ wait: 40 }, finish]])
  const empty = await overTime(late.clock, late.provider.chat('x'), 10)
  expect(empty.timing).toEqual({ firstTokenMs: 40, totalMs: 40 })

  const retried = world([[{ wait: 10 }, { fail: new LlmError('overloaded', 'Busy.') }], script], {
    retry: { baseDelay: 100 },
  })
  const second = await overTime(retried.clock, retried.provider.chat('x'), 10)
  expect(second.timing).toEqual({ firstTokenMs: 140, totalMs: 210 })
})

it('the time in a queue is that of the backend', async () => {
  const queued: BackendEvent = { type: 'finish', response: { finishReason: 'stop', timing: { queuedMs: 7 } } }
  const { timing } = await world([[say('a'), queued]]).provider.chat('x')
  expect(timing).toStrictEqual({ firstTokenMs: 0, totalMs: 0, queuedMs: 7 })
})

it('warnings of the start are in the response once, however often the backend sends them', async () => {
  const warning = { code: 'other', feature: 'cache', message: 'It was cold.' } as const
  const start: BackendEvent = { type: 'start', warnings: [warning] }
  const { warnings } = await world([[start, start, say('a'), finish]]).provider.chat('x')
  expect(warnings).toEqual([warning])
})

it('a part that is not text or a call is one event, with the part', async () => {
  const image = { type: 'image', data: 'AAAA', mediaType: 'image/png' } as const
  const spoken = { type: 'text', text: 'b' } as const
  const { provider } = world([
    [say('a'), { type: 'part', part: image }, { type: 'part', part: spoken }, finish],
  ])
  const events: ChatEvent[] = []
  for await (const event of provider.stream('x')) events.push(event)
  expect(events.map(({ type }) => type)).toEqual(['start', 'text', 'part', 'text', 'finish'])
  expect(events[2]).toEqual({ type: 'part', part: image })
  expect(events[3]).toEqual({ type: 'text', text: 'b' })
  expect((await provider.chat('x')).message.content).toEqual([{ type: 'text', text: 'a' }, image, spoken])
})
