import { createServer } from 'node:net'
import { type ChatResponse, isLlmError, type LlmError, type Provider } from '@patchbay/core'
import { openai } from '@patchbay/openai'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import {
  around,
  expectReleased,
  type Fault,
  failed,
  half,
  limits,
  several,
  stream,
  withServer,
  words,
} from '../test/faults.js'

const whole = {
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    id: 'c',
    model: 'm',
    choices: [{ message: { content: words.join('') }, finish_reason: 'stop' }],
  }),
}
const faults: Record<string, Fault> = {
  'a server error': { serve: () => failed(500, 'Broken'), codes: ['server-error', 'server-error'] },
  'an overloaded server': { serve: () => failed(503, 'Busy'), codes: ['overloaded', 'overloaded'] },
  'a rate limit': {
    serve: () => failed(429, 'Slow down', { 'retry-after': '1' }),
    codes: ['rate-limited', 'rate-limited'],
  },
  'a wrong key': {
    serve: () => failed(401, 'Who are you?'),
    codes: ['authentication', 'authentication'],
    elsewhere: false,
  },
  'a wrong request': {
    serve: () => failed(400, 'What?'),
    codes: ['invalid-request', 'invalid-request'],
    elsewhere: false,
  },
  'a connection without an answer': { serve: () => ({ noAnswer: true }), codes: ['network', 'network'] },
  'a 200 that is an error': {
    serve: (streamed) =>
      streamed
        ? {
            headers: stream.headers,
            body: `data: ${JSON.stringify({ error: { message: 'Broken', code: 500 } })}\n\n`,
          }
        : { headers: whole.headers, body: JSON.stringify({ error: { message: 'Broken', code: 500 } }) },
    codes: ['server-error', 'server-error'],
  },
  'a page of a proxy': {
    serve: () => ({ headers: { 'content-type': 'text/html' }, body: '<html>Welcome</html>' }),
    codes: ['bad-response', 'bad-response'],
  },
  'half an answer that looks whole': {
    serve: (streamed) => (streamed ? { ...stream, cutAt: half } : { ...whole, cutAt: 20 }),
    codes: ['bad-response', 'bad-response'],
    partial: true,
  },
  'a connection that breaks on the way': {
    serve: (streamed) => (streamed ? { ...stream, resetAt: half } : { ...whole, resetAt: 20 }),
    codes: ['network', 'network'],
    partial: true,
  },
  'a server that never begins': {
    serve: (streamed) => ({ ...(streamed ? stream : whole), stallAt: 0 }),
    codes: ['timeout', 'timeout'],
  },
  'a server that stops on the way': {
    serve: (streamed) => (streamed ? { ...stream, stallAt: half } : { ...whole, stallAt: 20 }),
    codes: ['timeout', 'timeout'],
    partial: true,
  },
}

interface Outcome {
  /** The text of the deltas, of a stream. */
  seen: string
  response?: ChatResponse
  error?: LlmError
}

async function outcome(provider: Provider, streamed: boolean): Promise<Outcome> {
  const request = { messages: 'Count.', ...(!streamed && { maxOutputTokens: 100 }) }
  const call = provider.stream(request)
  let seen = ''
  try {
    if (streamed) for await (const text of call.text) seen += text
    return { seen, response: await call.response() }
  } catch (error) {
    if (!isLlmError(error)) throw error
    return { seen, error }
  }
}

// Each has a server of its own, and most of them wait.
describe.concurrent.each(Object.entries(faults))('%s', (_, fault) => {
  describe.each([
    ['streamed', true],
    ['in one piece', false],
  ])('%s', (_, streamed) => {
    const code = fault.codes[streamed ? 0 : 1]
    const begun = streamed && fault.partial === true

    it.each(
      Object.entries(around),
    )('through %s: one typed error with its partial, and no open connection', (_, put) =>
      withServer(fault, streamed, async (faulty, server) => {
        const provider = put(faulty)
        const { error, seen } = await outcome(provider, streamed)
        expect(error).toMatchObject({ code, provider: 'openai', model: 'm' })
        expect(error?.message).toMatch(/\S/)
        expect(seen).toBe(begun ? 'one two ' : '')
        expect(error?.partial?.text ?? '').toBe(seen)
        if (code === 'rate-limited') expect(error?.retryAfterMs).toBe(1000)
        await expectReleased(server)
        await provider.close()
      }))

    it.each(
      Object.entries(several),
    )('through %s: another provider answers, if the error allows it', (name, put) =>
      withServer(fault, streamed, async (faulty, server) => {
        const provider = put(faulty, mockProvider({ provider: 'other', answers: ['well done'] }))
        const { response, error, seen } = await outcome(provider, streamed)
        // Who has begun to answer is not taken back; a cascade shows nothing before it is whole.
        const goesOn = fault.elsewhere !== false && (!begun || name === 'cascade')
        if (goesOn) {
          expect(response).toMatchObject({ text: 'well done', provider: 'other' })
          expect(response?.warnings).toHaveLength(1)
          expect(seen).toBe(streamed ? 'well done' : '')
        } else {
          expect(error).toMatchObject({ code })
          expect(seen).toBe(begun ? 'one two ' : '')
        }
        await expectReleased(server)
        await provider.close()
      }))
  })
})

it('a server that does not exist', async () => {
  const port = await new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
  for (const put of Object.values(around)) {
    const { error } = await outcome(
      put(openai('m', { ...limits, baseURL: `http://127.0.0.1:${port}` })),
      true,
    )
    expect(error).toMatchObject({ code: 'network', message: expect.stringContaining('ECONNREFUSED') })
  }
})
