// Errors of the Gemini API, in the words that the service uses.
import { describe, expect, it } from 'vitest'
import { failure, json } from '../test/server.js'
import { ask, failureOf } from '../test/wire.js'

const type = (name: string) => ({ '@type': `type.googleapis.com/google.rpc.${name}` })
const quota = (quotaId: string) => ({ ...type('QuotaFailure'), violations: [{ quotaId }] })

describe('an error of the service', () => {
  it.each([
    [400, 'INVALID_ARGUMENT', 'Request contains an invalid argument.', [], 'invalid-request'],
    [
      400,
      'INVALID_ARGUMENT',
      'API key not valid. Please pass a valid API key.',
      [{ ...type('ErrorInfo'), reason: 'API_KEY_INVALID' }],
      'authentication',
    ],
    [400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.', [], 'permission-denied'],
    [
      403,
      'PERMISSION_DENIED',
      'Generative Language API has not been used in project 1.',
      [],
      'permission-denied',
    ],
    [404, 'NOT_FOUND', 'models/gemini-9 is not found for API version v1beta.', [], 'not-found'],
    [
      429,
      'RESOURCE_EXHAUSTED',
      'You exceeded your current quota.',
      [quota('GenerateRequestsPerMinute')],
      'rate-limited',
    ],
    [
      429,
      'RESOURCE_EXHAUSTED',
      'You exceeded your current quota.',
      [quota('GenerateRequestsPerDay')],
      'quota-exceeded',
    ],
    [429, 'RESOURCE_EXHAUSTED', 'Quota exceeded for metric: x, limit: 0', [], 'quota-exceeded'],
    [500, 'INTERNAL', 'An internal error has occurred.', [], 'server-error'],
    [503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.', [], 'overloaded'],
    [504, 'DEADLINE_EXCEEDED', 'Deadline expired before operation could complete.', [], 'timeout'],
    [
      400,
      'INVALID_ARGUMENT',
      'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
      [],
      'context-length',
    ],
  ] as const)('%i %s "%s" is typed, and keeps its words', async (status, name, message, details, code) => {
    for (const body of [
      failure(status, name, message, [...details]),
      // The compatible form, and streams without `alt=sse`.
      json([{ error: { code: status, message, status: name, details } }], status),
    ]) {
      const error = await failureOf((await ask(body)).chat('x'))
      expect(error).toMatchObject({ code, status })
      expect(error.message).toContain(message.slice(0, 30))
    }
  })

  it('says when to try again', async () => {
    const body = failure(429, 'RESOURCE_EXHAUSTED', 'Slow down.', [
      { ...type('RetryInfo'), retryDelay: '34.074s' },
    ])
    expect(await failureOf((await ask(body)).chat('x'))).toMatchObject({
      code: 'rate-limited',
      retryAfterMs: 34_074,
    })
  })
})

it('a key never shows', async () => {
  const body = failure(400, 'INVALID_ARGUMENT', 'API key AIza-secret not valid.')
  const error = await failureOf((await ask(body)).chat('x'))
  expect(JSON.stringify([error.message, error.responseBody, error])).not.toContain('AIza-secret')
})
