// The `partial` response and usage of an answer that broke off or was abandoned.
import { expect, it } from 'vitest'
import { can, failureOf, finish, say, world } from '../../test/world.js'
import { type BackendEvent, defineProvider, LlmError } from '../index.js'

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
