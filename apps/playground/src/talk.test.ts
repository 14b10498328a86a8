// What each model hears, and the numbers of an answer.
import { describe, expect, it } from 'vitest'
import { type Answer, type Conversation, historyOf, rateOf, ratesOf, wordsOf } from './talk.js'

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
const said = (messages: ReturnType<typeof historyOf>) =>
  messages.map(({ role, content }) => `${role}: ${typeof content === 'string' ? content : wordsOf(content)}`)

describe('what a model hears', () => {
  const talk: Conversation = {
    id: 'c',
    title: '',
    at: 0,
    turns: [
      turn('1', 'Hi', answer('a', 'Hi from a'), answer('b', 'Hi from b')),
      turn('2', 'And?', answer('a', 'More of a')),
      turn('3', 'Bad', answer('a', '', { state: 'failed' })),
      turn('4', 'Now', answer('a', ''), answer('b', '')),
    ],
  }

  it('is what it said itself, and what was said while it was not asked', () => {
    expect(said(historyOf(talk, '4', 'b'))).toEqual([
      'user: Hi',
      'assistant: Hi from b',
      'user: And?',
      'assistant: More of a',
      'user: Now',
    ])
    expect(said(historyOf(talk, '2', 'a'))).toEqual([
      'user: Hi',
      'assistant: Hi from a',
      'user: And?',
      'assistant: More of a',
    ])
  })

  it('leaves out calls of tools that nobody answered', () => {
    const open = answer('a', 'x', { calls: [{ id: 'c', name: 't', input: {} }] })
    const broken = { ...talk, turns: [turn('1', 'Hi', open), turn('2', 'Now', answer('a', ''))] }
    expect(said(historyOf(broken, '2', 'a'))).toEqual(['user: Now'])
  })
})

describe('numbers', () => {
  it('are tokens a second over time', () => {
    expect(ratesOf({ pieces: [10, 20, 300], ms: 600 })).toEqual({
      seconds: [0.25, 0.5, 0.75],
      rates: [8, 4, 0],
    })
    expect(ratesOf({ pieces: [] }).rates).toEqual([0])
    // Several tokens came in a piece.
    expect(ratesOf({ pieces: [10, 20], ms: 100, usage: { outputTokens: 10 } }).rates).toEqual([40])
  })

  it('are tokens a second after the first', () => {
    expect(rateOf({ pieces: [], firstMs: 100, ms: 1100, usage: { outputTokens: 11 } })).toBe(10)
    expect(rateOf({ pieces: [100, 600], firstMs: 100, ms: 600 })).toBe(2)
    expect(rateOf({ pieces: [100], firstMs: 100, ms: 100 })).toBeUndefined()
  })
})
