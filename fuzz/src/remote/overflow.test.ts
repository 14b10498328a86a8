// Messages of services about a conversation that is too long, in every known form, on every remote backend.
import { LlmError } from '@patchbay/core'
import { isOverflow } from '@patchbay/core/wire'
import { describe, expect, it } from 'vitest'
import { otherTexts } from '../../../packages/core/src/wire/errors/not-overflow-texts.js'
import { overflowTexts } from '../../../packages/core/src/wire/errors/overflow-texts.js'
import { fallback } from '../../../packages/policies/src/index.js'
import type { ServedResponse } from '../../../packages/testing/src/fault-server.js'
import { mockProvider } from '../../../packages/testing/src/index.js'
import { remotes, serve, thrownBy } from './backends.js'

const json = (body: unknown, status = 400): ServedResponse => ({ status, body: JSON.stringify(body) })

/** The same words in the bodies of different services. */
const bodies: Record<string, (text: string, status?: number, code?: string) => ServedResponse> = {
  'an object': (message, status, type) => json({ error: { message, type } }, status),
  'a list': (message, status, code) =>
    json([{ error: { message, code, status: 'INVALID_ARGUMENT' } }], status),
  'words alone': (error, status) => json({ error }, status),
  'a message at the top': (message, status) =>
    json({ object: 'error', message, code: status ?? 400 }, status),
  'details of FastAPI': (msg, status) => json({ detail: [{ type: 'value_error', msg, input: 'x' }] }, status),
  'the raw message of the server': (message) =>
    json({
      error: {
        message: 'Provider returned error',
        code: 400,
        metadata: { raw: JSON.stringify({ error: { message } }), provider_name: 'P' },
      },
    }),
  'a text': (body, status = 400) => ({ status, body }),
  'the end of a long text': (text, status) =>
    json({ error: { message: `${'The request was refused. '.repeat(40)}${text}` } }, status),
}

describe.each(Object.entries(remotes))('%s', (_, remote) => {
  const ask = async (answer: ServedResponse) => {
    const server = await serve(answer)
    const llm = remote.make({ baseURL: server.url, apiKey: 'sk-long-enough', retry: false })
    return (await thrownBy(llm.chat('Hi'))) as LlmError
  }

  it.each(
    Object.entries(bodies),
  )('%s that says so is context-length, and the words are kept', async (_, body) => {
    let answer: ServedResponse = {}
    const server = await serve(() => answer)
    const llm = remote.make({ baseURL: server.url, apiKey: 'sk-long-enough', retry: false })
    for (const { text, status, code } of overflowTexts) {
      answer = body(text, status, code)
      const error = (await thrownBy(llm.chat('Hi'))) as LlmError
      expect(error, text).toMatchObject({ code: 'context-length', retryable: false, status: answer.status })
      expect(error.responseBody, text).toBe(answer.body)
    }
    for (const { text, status, code } of otherTexts) {
      answer = body(text, status, code)
      const error = (await thrownBy(llm.chat('Hi'))) as LlmError
      expect(error, text).toBeInstanceOf(LlmError)
      expect(error.code, text).not.toBe('context-length')
    }
  })

  it.each([false, true])('in a stream (begun: %s) is the same error', async (begun) => {
    for (const { text } of overflowTexts.filter((_, at) => at % 5 === 0)) {
      const error = await ask(remote.broken(text, begun))
      expect(error, text).toMatchObject({ code: 'context-length', retryable: false })
      expect(error.responseBody, text).toContain(JSON.stringify(text).slice(1, -1))
      expect(error.partial?.text ?? '').toBe(begun ? 'Half' : '')
    }
  })

  it('leads fallback to the larger window', async () => {
    const server = await serve(({ path }) =>
      path.endsWith('/models')
        ? json({ data: [{ id: 'm', context_length: 8192 }] }, 200)
        : path.endsWith('/show')
          ? json({ model_info: { 'general.architecture': 'a', 'a.context_length': 8192 } }, 200)
          : json({ error: { message: overflowTexts[0]?.text } }),
    )
    const small = remote.make({ baseURL: server.url, apiKey: 'sk-long-enough', retry: false })
    const of = (contextWindow: number) =>
      mockProvider({ model: `window-${contextWindow}`, capabilities: { contextWindow }, answers: ['Read.'] })
    const { text, model } = await fallback([small, of(4096), of(10_000_000)]).chat('Hi')
    expect({ text, model }).toEqual({ text: 'Read.', model: 'window-10000000' })
  })
})

it('a field of an event stream that only says what failed is an error with its words', async () => {
  const error = {
    code: 400,
    message: 'the request is larger than the context size',
    type: 'exceed_context_size_error',
  }
  for (const [line, code] of [
    [`error: ${JSON.stringify(error)}\n\n`, 'context-length'],
    [`error: ${JSON.stringify({ error })}\n\n`, 'context-length'],
    ['error: the slot is gone\n\n', 'server-error'],
  ] as const)
    for (const name of ['chat', 'responses', 'claude'] as const) {
      const server = await serve({ headers: { 'content-type': 'text/event-stream' }, body: line })
      const llm = remotes[name].make({ baseURL: server.url, apiKey: 'sk-long-enough', retry: false })
      const failure = (await thrownBy(llm.stream('Hi').response())) as LlmError
      expect(failure, name).toMatchObject({ code })
      expect(failure.message, name).toMatch(/larger than the context|the slot is gone/)
    }
})

it('time grows with the length of what a service says', () => {
  const time = (length: number) => {
    const begun = performance.now()
    for (const text of ['exceeds ', '`inputs` ', 'input token count ', 'token count of 1', 'a'])
      isOverflow(text.repeat(Math.ceil(length / text.length)))
    return performance.now() - begun
  }
  time(10_000)
  let best = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < 5; turn++) best = Math.min(best, time(400_000) / time(100_000))
  expect(best).toBeLessThan(8)
})
