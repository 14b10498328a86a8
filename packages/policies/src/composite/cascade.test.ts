// When the next one is asked, what the caller sees, and who pays.
import { LlmError } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { expect, it } from 'vitest'
import { failureOf, read } from '../../test/failure.js'
import { type CascadeOptions, cascade, priced } from '../index.js'

type Answers = NonNullable<NonNullable<Parameters<typeof mockProvider>[0]>['answers']>
const make = (cheap: Answers, strong: Answers, options: CascadeOptions = {}) => {
  const [a, b] = [
    mockProvider({ provider: 'cheap', model: 'gpt-5-nano', retry: false, answers: cheap }),
    mockProvider({ provider: 'strong', model: 'gpt-5', retry: false, answers: strong }),
  ]
  return { a, b, provider: cascade([priced(a), priced(b)], options) }
}

it('stays with an answer that is good enough, streamed as it was', async () => {
  const { b, provider } = make(['one two three'], [])
  const stream = provider.stream('x')
  expect(await read(stream)).toBe('one two three')
  expect(await stream.response()).toMatchObject({ provider: 'cheap', warnings: [] })
  expect(b.requests).toHaveLength(0)
})

it.each<[string, Answers[number]]>([
  ['is empty', { text: ' ' }],
  ['was filtered', { text: 'x', finishReason: 'content-filter' }],
  ['was cut by the model', { text: 'x', finishReason: 'length' }],
  ['is a failure', new LlmError('overloaded', 'Busy.')],
  ['broke on the way', { text: 'half', error: new LlmError('network', 'Cut.') }],
])('asks the next one where it %s, and nothing of it is seen', async (_, answer) => {
  const { provider } = make([answer], ['well'])
  const stream = provider.stream('x')
  expect(await read(stream)).toBe('well')
  expect(await stream.response()).toMatchObject({ provider: 'strong', warnings: [{ feature: 'cascade' }] })
})

it('asks by a gate of one’s own, whose reason is told, and counts all tokens and cost', async () => {
  const usage = { inputTokens: 1_000_000, outputTokens: 0 }
  const { provider } = make([{ text: 'I do not know.', usage }], [{ text: 'Paris.', usage }], {
    accept: async ({ text }) => !text.includes('not know') || 'it did not know',
  })
  const response = await provider.chat('x')
  expect(response).toMatchObject({ text: 'Paris.', usage: { inputTokens: 2_000_000 } })
  expect(response.cost).toBeCloseTo(0.05 + 1.25, 9)
  expect(response.warnings[0]?.message).toMatch(/not good enough \(it did not know\), so strong/)
})

it('asks the next one where an answer holds a word, or is not sound either', async () => {
  const options = { unless: ['not sure'] }
  expect((await make(['I am NOT SURE.'], ['Paris.'], options).provider.chat('x')).text).toBe('Paris.')
  expect((await make([' '], ['Paris.'], options).provider.chat('x')).text).toBe('Paris.')
  expect((await make(['Sure.'], ['Paris.'], options).provider.chat('x')).text).toBe('Sure.')
})

it('asks the next one for a value that fits no schema', async () => {
  const { provider } = make(['no JSON'], ['{"a":1}'])
  const schema = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] }
  expect((await provider.chat({ messages: 'x', output: { schema } })).output).toEqual({ a: 1 })
})

it('goes past one that cannot be made, and says which', async () => {
  const cheap = () => mockProvider({ answers: ['no'] })
  const broken = () => Promise.reject(new Error('no such package'))
  const accept = () => false
  const past = await cascade([cheap(), broken, mockProvider({ answers: ['well'] })], { accept }).chat('x')
  expect(past).toMatchObject({
    text: 'well',
    warnings: [{ message: expect.stringContaining('no such package') }, {}],
  })
  expect(await failureOf(cascade([cheap(), broken], { accept }).chat('x'))).toMatchObject({
    code: 'config',
    message: expect.stringMatching(/Candidate 1 cannot be made: no such package/),
  })
})

it('the last one’s answer is what it is', async () => {
  const { provider } = make(['no'], ['no either'], { accept: () => false })
  expect((await provider.chat('x')).text).toBe('no either')
  const failing = make(['no'], [new LlmError('overloaded', 'Busy.')], { accept: () => false })
  expect(await failureOf(failing.provider.chat('x'))).toMatchObject({
    code: 'overloaded',
    provider: 'strong',
  })
})

it('what is wrong with the request is wrong for all', async () => {
  const { b, provider } = make([new LlmError('invalid-request', 'No.')], [])
  expect(await failureOf(provider.chat('x'))).toMatchObject({ code: 'invalid-request' })
  expect(b.requests).toHaveLength(0)
})

it('a gate that throws ends the call', async () => {
  const { provider } = make(['x'], [], {
    accept: () => {
      throw new Error('gate broken')
    },
  })
  expect(await failureOf(provider.chat('x'))).toMatchObject({
    code: 'aborted',
    message: expect.stringContaining('gate broken'),
  })
})
