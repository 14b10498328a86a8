// What is told of an answer that broke or was left.
import { expect, it } from 'vitest'
import { can, failureOf, finish, say, world } from '../test/world.js'
import { type BackendEvent, defineProvider, LlmError } from './index.js'

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
