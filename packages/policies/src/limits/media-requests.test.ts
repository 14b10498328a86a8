// Wrong requests for images and speech: they fail alone, and change no counter.
import type { ImageRequest, SpeakRequest } from '@patchbay/core'
import { fakeClock, mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { budget, fallback, guard, hooks, limit, log, mask } from '../index.js'

const wrongImages = [
  null,
  7,
  { prompt: '' },
  { prompt: 'x', n: -1000 },
  { prompt: 'x', n: 'abc' },
  { prompt: 'x', n: {} },
  { prompt: 'x', n: 1e9 },
  { prompt: 'x', images: {} },
  { prompt: 'x', providerOptions: { a: 1n }, n: 0 },
] as unknown as ImageRequest[]
const wrongTexts = [null, 7, { text: '' }, { text: 'x', speed: -1 }] as unknown as SpeakRequest[]

/** A request whose fields are right once, and wrong when they are read again. */
const changing = () => {
  let reads = 0
  return {
    prompt: 'x',
    get n() {
      return reads++ === 0 ? 1 : -1_000_000
    },
  }
}

it('a limit admits as many calls as before', async () => {
  const clock = fakeClock()
  const inner = mockProvider({ clock, retry: false })
  const llm = limit(inner, { tokensPerMinute: 1000, maxWait: 0, clock })
  for (const request of [...wrongImages, changing()])
    expect(await failureOf(llm.image(request))).toMatchObject({ code: 'invalid-request' })
  for (const request of wrongTexts)
    expect(await failureOf(llm.speak(request).response())).toMatchObject({ code: 'invalid-request' })
  expect(inner.requests).toHaveLength(0)
  const ask = () => llm.chat({ messages: 'x', maxOutputTokens: 900 })
  const calls = await Promise.allSettled([ask(), ask()])
  expect(calls.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
})

it('a budget reserves nothing for them', async () => {
  const clock = fakeClock()
  const requests = [...wrongImages, changing()]
  const inner = mockProvider({ clock, answers: requests.map(() => ({ text: 'x', delay: 1000 })) })
  const llm = budget(inner, { limits: [{ per: 'run', tokens: 1000 }], clock })
  const ask = () => llm.chat({ messages: 'x', maxOutputTokens: 900 })
  for (const [at, request] of requests.entries()) {
    const refused = failureOf(llm.image(request))
    const running = ask()
    await expect.poll(() => inner.requests.length).toBe(at + 1)
    // The running call alone leaves too little for another one.
    expect(await failureOf(ask())).toMatchObject({ code: 'budget-exceeded' })
    expect(await refused).toMatchObject({ code: 'invalid-request' })
    await clock.advance(1000)
    await running
    expect((await llm.spending())[0]?.reserved).toEqual({ usd: 0, tokens: 0 })
  }
})

describe.each([
  ['budget', budget(mockProvider(), { limits: [{ per: 'run', tokens: 1e6 }] })],
  ['limit', limit(mockProvider(), { tokensPerMinute: 1e6 })],
  ['fallback', fallback([mockProvider()])],
  ['guard', guard(mockProvider(), { input: () => undefined })],
  ['hooks', hooks(mockProvider(), {})],
  ['log', log(mockProvider(), { logger: { info() {}, warn() {}, error() {} } })],
  ['mask', mask(mockProvider())],
])('%s', (_, llm) => {
  it('says what is wrong in a request', async () => {
    expect(await failureOf(llm.image(null as unknown as string))).toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining('must be a prompt'),
    })
    expect(await failureOf(llm.speak(null as unknown as string).response())).toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining('must be a text'),
    })
  })
})
