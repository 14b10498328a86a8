// Error bodies of services, in all their forms: the reason is in the error.
import { describe, expect, it } from 'vitest'
import { failureOf } from '../test/wire.js'
import { openai } from './index.js'

const long = 'x'.repeat(700)
const tooLong = `${long} This model's maximum context length is 4096 tokens.`
const event = (data: unknown) =>
  new Response(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`, {
    headers: { 'content-type': 'text/event-stream' },
  })
const answered = (response: () => Response) =>
  openai('m', { apiKey: 'k', api: 'chat', retry: false, fetch: async () => response() })

describe('the reason of a failure', () => {
  const bodies: Record<string, unknown> = {
    'in another field': { status: 400, error: 'Bad Request', message: tooLong, path: '/' },
    'beside `error: true`': { error: true, message: tooLong },
    'beside an empty error': { error: {}, message: tooLong },
    'in an inner error': {
      error: { code: '400', message: 'Bad Request', innererror: { code: 'x', message: tooLong } },
    },
    'in its details': { error: { message: 'Provider error', details: [{ message: tooLong }] } },
    'in its cause': { error: { message: 'upstream failed', metadata: { raw: null }, cause: tooLong } },
    'in the body of another server': {
      error: { message: JSON.stringify({ error: { code: 400, message: tooLong } }), type: 'api_error' },
    },
    'in a list': { success: false, errors: [{ code: 5007, message: tooLong }] },
    'without a wrapper': { object: 'error', message: tooLong, type: 'BadRequestError', code: 400 },
    'as a code': { error: { message: null, code: 'context_length_exceeded' }, rate_limit: 'none' },
  }
  it.each(
    Object.entries(bodies),
  )('%s is in the error, with any status, whole and streamed', async (where, body) => {
    const said = where === 'as a code' ? 'context_length_exceeded' : tooLong
    const wrong = await failureOf(answered(() => Response.json(body, { status: 400 })).chat('x'))
    const fine = await failureOf(answered(() => Response.json(body)).chat('x'))
    const streamed = await failureOf(
      answered(() => event(body))
        .stream('x')
        .response(),
    )
    for (const error of [wrong, fine, streamed]) {
      expect(error).toMatchObject({ code: 'context-length', retryable: false })
      expect(error.responseBody).toContain(said)
    }
  })

  it('in an event that is not JSON, or has another form, is in the error', async () => {
    for (const data of [tooLong, { message: tooLong }]) {
      const error = await failureOf(
        answered(() => event(data))
          .stream('x')
          .response(),
      )
      expect(error).toMatchObject({ code: 'context-length' })
      expect(error.responseBody).toContain(tooLong)
    }
    // Half of an answer is not what a service says.
    const half = `{"choices":[{"delta":{"content":"prompt is too long`
    expect(
      await failureOf(
        answered(() => event(half))
          .stream('x')
          .response(),
      ),
    ).toMatchObject({
      code: 'bad-response',
      responseBody: half,
    })
  })

  it('on a choice is a typed error, not an empty answer', async () => {
    const choice = (code: number, message: string) => ({
      index: 0,
      error: { code, message },
      finish_reason: 'error',
    })
    const failed = (one: object) => Response.json({ choices: [{ ...one, message: { content: '' } }] })
    expect(await failureOf(answered(() => failed(choice(400, tooLong))).chat('x'))).toMatchObject({
      code: 'context-length',
    })
    expect(await failureOf(answered(() => failed(choice(429, 'Slow down'))).chat('x'))).toMatchObject({
      code: 'rate-limited',
      retryable: true,
      message: expect.stringContaining('Slow down'),
    })
    const broken = () =>
      new Response(
        [{ delta: { content: 'half' } }, { delta: {}, ...choice(502, 'Gone') }]
          .map((one) => `data: ${JSON.stringify({ choices: [{ index: 0, ...one }] })}\n\n`)
          .join(''),
        { headers: { 'content-type': 'text/event-stream' } },
      )
    expect(await failureOf(answered(broken).stream('x', { retry: false }).response())).toMatchObject({
      code: 'server-error',
      retryable: true,
      partial: { text: 'half' },
    })
  })
})

it.each([
  ...(['unsupported', 'timeout', 'overloaded', 'queue-full', 'worker-crashed', 'circuit-open'] as const),
  ...(['bad-response', 'empty-response', 'structured-output', 'model-load', 'inference'] as const),
  ...(['budget-exceeded', 'no-route'] as const),
])('the code of a gateway of ours is the code of the error: %s', async (code) => {
  const error = { message: 'Not now.', type: 'server_error', param: null, code }
  const whole = answered(() => Response.json({ error }, { status: 500 }))
  expect(await failureOf(whole.chat('hi'))).toMatchObject({ code })
  const streamed = answered(() => event({ error }))
  expect(await failureOf(streamed.stream('hi').response())).toMatchObject({ code })
})

it('advice that the service has given already is not given twice', async () => {
  const error = { message: 'The service is overloaded. Try again later.', code: 'overloaded' }
  const { message } = await failureOf(answered(() => Response.json({ error }, { status: 503 })).chat('hi'))
  expect(message.split('Try again later.')).toHaveLength(2)
})
