// History for a model, and token rates of an answer.
import { describe, expect, it } from 'vitest'
import { withParents } from './branches.js'
import {
  type Answer,
  averageRate,
  type Conversation,
  firstTokenMs,
  loadMsOf,
  ratesOverTime,
  textOf,
} from './conversation.js'
import { historyFor } from './history.js'

const answer = (model: string, text: string, more: Partial<Answer> = {}): Answer => ({
  model,
  messages: text === '' ? [] : [{ role: 'assistant', content: text }],
  text,
  reasoning: '',
  calls: [],
  state: 'done',
  numbers: { pieces: [] },
  wire: [],
  ...more,
})
const turn = (id: string, text: string, ...answers: Answer[]) => ({
  id,
  question: [{ type: 'text' as const, text }],
  answers,
})
const linesOf = (messages: ReturnType<typeof historyFor>) =>
  messages.map(({ role, content }) => `${role}: ${typeof content === 'string' ? content : textOf(content)}`)

describe('the history for a model', () => {
  const conversation: Conversation = {
    id: 'c',
    title: '',
    at: 0,
    turns: withParents([
      turn('1', 'Hi', answer('a', 'Hi from a'), answer('b', 'Hi from b')),
      turn('2', 'And?', answer('a', 'More of a')),
      turn('3', 'Bad', answer('a', '', { state: 'failed' })),
      turn('4', 'Now', answer('a', ''), answer('b', '')),
    ]),
  }

  it('has its own answers, and those of another model where it was not asked', () => {
    expect(linesOf(historyFor(conversation, '4', 'b'))).toEqual([
      'user: Hi',
      'assistant: Hi from b',
      'user: And?',
      'assistant: More of a',
      'user: Now',
    ])
    expect(linesOf(historyFor(conversation, '2', 'a'))).toEqual([
      'user: Hi',
      'assistant: Hi from a',
      'user: And?',
      'assistant: More of a',
    ])
  })

  it('leaves out tool calls without a result', () => {
    const open = answer('a', 'x', { calls: [{ id: 'c', name: 't', input: {} }] })
    const broken = {
      ...conversation,
      turns: withParents([turn('1', 'Hi', open), turn('2', 'Now', answer('a', ''))]),
    }
    expect(linesOf(historyFor(broken, '2', 'a'))).toEqual(['user: Now'])
  })
})

describe('numbers', () => {
  it('are tokens a second over time', () => {
    expect(ratesOverTime({ pieces: [10, 20, 300], ms: 600 })).toEqual({
      seconds: [0.25, 0.5, 0.75],
      rates: [8, 4, 0],
    })
    expect(ratesOverTime({ pieces: [] }).rates).toEqual([0])
    // Several tokens came in a piece.
    expect(ratesOverTime({ pieces: [10, 20], ms: 100, usage: { outputTokens: 10 } }).rates).toEqual([40])
  })

  it('are tokens a second after the first', () => {
    expect(averageRate({ pieces: [], firstMs: 100, ms: 1100, usage: { outputTokens: 11 } })).toBe(10)
    expect(averageRate({ pieces: [100, 600], firstMs: 100, ms: 600 })).toBe(2)
    expect(averageRate({ pieces: [100], firstMs: 100, ms: 100 })).toBeUndefined()
  })

  it('tell loading apart from the first token', () => {
    const wire = { method: 'POST', url: '', headers: {}, body: '', lines: [] }
    const loadMs = loadMsOf({
      ...wire,
      responseHeaders: { 'server-timing': 'cache;desc=hit, load;dur=1200' },
    })
    expect(loadMs).toBe(1200)
    expect(loadMsOf(wire)).toBeUndefined()
    expect(firstTokenMs({ pieces: [], firstMs: 1500, loadMs: 1200 })).toBe(300)
    expect(firstTokenMs({ pieces: [], firstMs: 1500 })).toBe(1500)
    expect(firstTokenMs({ pieces: [] })).toBeUndefined()
  })
})
