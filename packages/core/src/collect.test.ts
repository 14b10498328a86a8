// What is told of an answer that broke or was left.
import { expect, it } from 'vitest'
import { failureOf, finish, say, world } from '../test/world.js'
import { type BackendEvent, LlmError } from './index.js'

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
