// Options of openai(): wrong names are refused before anything is sent, and the browser guard of the official client stays on.
import type { Provider } from '@patchbay/core'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { failureOf } from '../test/wire.js'
import { openai } from './index.js'

async function asked(options: object, call: (provider: Provider) => Promise<unknown>) {
  const sent: string[] = []
  const fetch = async (url: unknown) => {
    sent.push(String(url))
    return Response.json({ error: { message: 'The stand-in has no answer.' } }, { status: 400 })
  }
  const provider = openai('m', {
    apiKey: 'k',
    retry: false,
    fetch: fetch as typeof globalThis.fetch,
    ...options,
  })
  return { error: await failureOf(call(provider)), sent }
}

it.each([
  ['baseUrl', /Did you mean baseURL/],
  ['apikey', /Did you mean apiKey/],
  ['temperature', /pass it in defaults/],
])('a wrong option of the factory is refused with the right name: %s', (name, message) => {
  expect(() => openai('m', { [name]: 1 } as never)).toThrow(message)
})

it('a factory that is called without a model says so', () => {
  expect(() => (openai as unknown as () => unknown)()).toThrow(
    /openai\(\) needs a model, for example openai\('/,
  )
})

describe.each(['responses', 'chat'] as const)('a field of providerOptions for the API %s', (api) => {
  it.each([
    [
      'in the spelling of another SDK',
      { serviceTier: 'auto' },
      /providerOptions\.openai\.serviceTier .*Did you mean service_tier/,
    ],
    ['with a typing error', { servce_tier: 'auto' }, /Did you mean service_tier/],
    ['that is an option of the request', { maxOutputTokens: 5 }, /option of the request itself/],
  ])('is refused before anything is sent: %s', async (_, fields, message) => {
    const request = { messages: 'x', providerOptions: { openai: fields } }
    const { error, sent } = await asked({ api }, (provider) => provider.chat(request))
    expect(error).toMatchObject({ code: 'invalid-request', message: expect.stringMatching(message) })
    expect(sent).toEqual([])
  })

  it('that is new is sent', async () => {
    const request = { messages: 'x', providerOptions: { openai: { next_years_field: 1 } } }
    const { sent } = await asked({ api }, (provider) => provider.chat(request))
    expect(sent).toHaveLength(1)
  })
})

it.each([
  { models: ['c/d'] },
  { route: 'fallback' },
  { provider: { order: ['x'] } },
  { plugins: [] },
  { transforms: [] },
])('a field of a well-known server is sent to a server: %j', async (fields) => {
  const options = { baseURL: 'https://openrouter.ai/api/v1' }
  const { sent } = await asked(options, (provider) =>
    provider.chat({ messages: 'x', providerOptions: { openai: fields } }),
  )
  expect(sent).toHaveLength(1)
})

describe('in a browser', () => {
  const inBrowser = () => {
    vi.stubGlobal('window', { document: {} })
    vi.stubGlobal('navigator', { userAgent: 'a browser' })
    onTestFinished(() => void vi.unstubAllGlobals())
  }

  it('no call is sent, since everybody could read the key', async () => {
    inBrowser()
    const { error, sent } = await asked({}, (provider) => provider.chat('x'))
    expect(error).toMatchObject({
      code: 'config',
      message: expect.stringMatching(/browser.*gateway.*allowBrowser: true/s),
    })
    expect(String(error.cause)).toContain('dangerouslyAllowBrowser')
    expect(sent).toEqual([])
  })

  it('calls are sent if allowBrowser is true', async () => {
    inBrowser()
    expect((await asked({ allowBrowser: true }, (provider) => provider.chat('x'))).sent).toHaveLength(1)
  })
})

it.each([
  { store: false },
  { background: false },
])('an answer that goes on after a lost connection is not asked for with %o', async (openai) => {
  const call = (llm: Provider) => llm.chat({ messages: 'Hi', providerOptions: { openai } })
  const { error, sent } = await asked({ resume: true }, call)
  expect(error).toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining(`providerOptions.openai.${Object.keys(openai)[0]}: false and resume`),
  })
  expect(sent).toEqual([])
})
