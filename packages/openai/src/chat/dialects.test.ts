// Answers of services that differ from OpenAI's: errors inside a 200, chunks without choices, usage in other arithmetic.
import { describe, expect, it } from 'vitest'
import { json, sse } from '../../test/server.js'
import { ask, chunk, end, failureOf } from '../../test/wire.js'

type Json = Record<string, unknown>

const whole = async (choice: Json, more: Json = {}) =>
  (await ask(json({ choices: [choice], ...more }))).chat({ messages: 'x', maxOutputTokens: 100 })
const streamed = async (...chunks: (Json | string)[]) => (await ask(sse(chunks))).chat('x')

describe('an error inside a 200', () => {
  const error = { code: 502, message: 'all workers are busy' }
  const expected = { code: 'server-error', retryable: true, message: expect.stringContaining(error.message) }

  it('on a choice is that error, whole and streamed', async () => {
    const choice = { finish_reason: 'error', error, message: { role: 'assistant', content: '' } }
    expect(await failureOf(whole(choice))).toMatchObject(expected)
    expect(
      await failureOf(
        streamed(chunk({ content: 'Hel' }), chunk({ content: '' }, { finish_reason: 'error', error })),
      ),
    ).toMatchObject({ ...expected, partial: { text: 'Hel' } })
  })

  it.each([
    'network_error',
    'error',
    'model_error',
  ])('as a native finish reason is an error: %s', async (native) => {
    const finish = { finish_reason: 'stop', native_finish_reason: native }
    const error = { code: 'server-error', message: expect.stringContaining(native) }
    expect(await failureOf(streamed(chunk({ content: '' }, finish), '[DONE]'))).toMatchObject(error)
    expect(await failureOf(whole({ message: { content: '' }, ...finish }))).toMatchObject(error)
  })

  it.each([
    'stop',
    'completed',
    'STOP',
    null,
  ])('is not any other native finish reason: %s', async (native) => {
    const finish = { finish_reason: 'stop', native_finish_reason: native }
    expect((await streamed(chunk({ content: 'Hi' }, finish))).text).toBe('Hi')
  })

  const tooLarge = {
    code: 400,
    message: 'the request is larger than the context size',
    type: 'exceed_context_size_error',
  }
  it.each([
    ['in a field `error`', `error: ${JSON.stringify(tooLarge)}\n\n`],
    ['as bare JSON', `${JSON.stringify({ error: tooLarge })}\n`],
    ['as bare JSON on several lines', JSON.stringify({ error: tooLarge }, null, 2)],
    ['as bare JSON before the end', `${JSON.stringify({ error: tooLarge })}\n\ndata: [DONE]\n\n`],
  ])('%s of an event stream is an error with its text', async (_, body) => {
    const llm = await ask({ headers: { 'content-type': 'text/event-stream' }, body, chunk: 7 })
    expect(await failureOf(llm.chat('x'))).toMatchObject({
      code: 'context-length',
      retryable: false,
      message: expect.stringContaining('larger than the context size'),
    })
  })
})

describe('a chunk without choices', () => {
  const bare = { id: 'c1', object: 'chat.completion.chunk', model: 'm' }
  const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 }

  it('at the beginning is no answer of another service', async () => {
    expect(await streamed(bare, chunk({ content: 'Hi' }), end(), '[DONE]')).toMatchObject({ text: 'Hi' })
  })

  it('at the end may hold the usage', async () => {
    const { usage: counted } = await streamed(chunk({ content: 'Hi' }), end(), { ...bare, usage }, '[DONE]')
    expect(counted).toEqual({ inputTokens: 7, outputTokens: 3 })
  })

  it('is not an answer by itself', async () => {
    expect(await failureOf(streamed(bare, '[DONE]'))).toMatchObject({ code: 'bad-response' })
    expect(await failureOf(streamed({ detail: 'x', object: 'other' }))).toMatchObject({
      code: 'bad-response',
    })
  })
})

describe('usage', () => {
  it.each([
    ['beside the completion, as the total says', 10120, 1499, 14428, 2809, 4308, 2809],
    ['beside the completion, and larger', 12, 1, 399, 386, 387, 386],
    ['in the completion', 10, 50, 60, 30, 50, 30],
    ['in the completion, without a total', 10, 50, undefined, 30, 50, 30],
    ['none', 10, 50, 60, 0, 50, 0],
  ])('counts reasoning in the output: %s', async (_, prompt, completion, total, reasoning, output, counted) => {
    const usage = {
      prompt_tokens: prompt,
      completion_tokens: completion,
      ...(total !== undefined && { total_tokens: total }),
      completion_tokens_details: { reasoning_tokens: reasoning },
    }
    const expected = { inputTokens: prompt, outputTokens: output, reasoningTokens: counted }
    const answer = { message: { content: 'Hi' }, finish_reason: 'stop' }
    expect((await whole(answer, { usage })).usage).toEqual(expected)
    expect((await streamed(chunk({ content: 'Hi' }), end(), { choices: [], usage })).usage).toEqual(expected)
  })
})
