// `hooks`: each call has its start, and one finish or one error, however it ends.
import { LlmError } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { expect, it } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { type FailedCall, type FinishedCall, type HookCall, type HooksOptions, hooks } from '../index.js'

function world(answers: Parameters<typeof mockProvider>[0], more: HooksOptions = {}) {
  const inner = mockProvider({ retry: false, ...answers })
  const seen: string[] = []
  const llm = hooks(inner, {
    onStart: ({ kind }: HookCall) => void seen.push(`start ${kind}`),
    onFinish: (call: FinishedCall) => {
      seen.push(`finish ${call.kind === 'chat' ? call.response.text : call.kind}`)
    },
    onError: ({ kind, error }: FailedCall) => void seen.push(`error ${kind} ${error.code}`),
    ...more,
  })
  return { inner, llm, seen }
}

it('a chat, a stream and a list of models each start and finish once', async () => {
  const { llm, seen } = world({ answers: ['one', 'two'] })
  await llm.chat('x')
  for await (const _ of llm.stream('x').text);
  await llm.models()
  expect(seen).toEqual([
    'start chat',
    'finish one',
    'start chat',
    'finish two',
    'start models',
    'finish models',
  ])
})

it('a failure and a stream that is left are errors', async () => {
  const { llm, seen } = world({ answers: [new LlmError('overloaded', 'Busy.'), 'a b c d'] })
  expect(await failureOf(llm.chat('x'))).toMatchObject({ code: 'overloaded' })
  for await (const _ of llm.stream('x').text) break
  await expect
    .poll(() => seen)
    .toEqual(['start chat', 'error chat overloaded', 'start chat', 'error chat aborted'])
})

it('a finish sees the request, the options and the whole response', async () => {
  const calls: FinishedCall[] = []
  const { llm } = world({ answers: ['one'] }, { onFinish: (call) => void calls.push(call) })
  await llm.chat('Hello', { metadata: { key: 'ann' } })
  expect(calls).toMatchObject([
    {
      kind: 'chat',
      request: 'Hello',
      streamed: false,
      options: { metadata: { key: 'ann' } },
      response: { text: 'one' },
    },
  ])
})

it('the caller waits for onFinish, so that what it saves is there', async () => {
  let saved = false
  const { llm } = world(
    { answers: ['one'] },
    {
      onFinish: async () => {
        await new Promise((resolve) => setImmediate(resolve))
        saved = true
      },
    },
  )
  await llm.chat('x')
  expect(saved).toBe(true)
})

it('an onStart that throws sends nothing', async () => {
  const { inner, llm } = world(
    {},
    {
      onStart: () => {
        throw new Error('not today')
      },
    },
  )
  expect(await failureOf(llm.chat('x'))).toMatchObject({
    code: 'aborted',
    message: expect.stringContaining('hooks.onStart callback of this call threw: not today'),
  })
  expect(inner.requests).toHaveLength(0)
})

it('an onFinish that throws fails the call, and the answer is not lost', async () => {
  const { llm } = world({ answers: ['one'] }, { onFinish: () => Promise.reject(new Error('disk full')) })
  expect(await failureOf(llm.chat('x'))).toMatchObject({
    code: 'aborted',
    message: expect.stringContaining('disk full'),
    partial: { text: 'one' },
  })
})

it('an onError that throws does not hide the error of the call', async () => {
  const { llm } = world(
    { answers: [new LlmError('overloaded', 'Busy.')] },
    { onError: () => Promise.reject(new Error('no pager')) },
  )
  expect(await failureOf(llm.chat('x'))).toMatchObject({ code: 'overloaded' })
})
