// Unknown, misplaced and misspelled options are refused with the right name, wherever they can be given.
import { describe, expect, it } from 'vitest'
import { mockProvider } from '../../../testing/src/mock.js'
import { can, failureOf, finish, say, world } from '../../test/world.js'
import { generateObject, type Provider, runTools, streamElements, streamObject } from '../index.js'
import { meantName } from './option-names.js'
import { optionNames } from './request-names.js'

const object = { type: 'object' }
type Case = [what: string, call: (provider: Provider) => Promise<unknown>, message: RegExp]
// The wrong programs do not compile either, unless they are JavaScript or their options are in a variable.
const odd = (value: unknown) => value as never
const request = (options: object) => odd({ messages: 'x', ...options })

const cases: Case[] = [
  [
    'a typing error',
    (p) => p.chat(request({ temprature: 1 })),
    /temprature is not .*Did you mean temperature\?$/,
  ],
  [
    'a name of another SDK',
    (p) => p.chat(request({ maxTokens: 5 })),
    /maxTokens .*Did you mean maxOutputTokens\?$/,
  ],
  ['a name of a wire format', (p) => p.chat(request({ max_tokens: 5 })), /Did you mean maxOutputTokens\?$/],
  ['another spelling', (p) => p.chat(request({ top_p: 0.5 })), /Did you mean topP\?$/],
  ['prompt', (p) => p.chat(odd({ prompt: 'x' })), /Did you mean messages\?$/],
  ['a message', (p) => p.chat(odd({ role: 'user', content: 'x' })), /role .*chat\(\[message\]\)/],
  [
    'a signal in the request',
    (p) => p.chat(request({ signal: AbortSignal.abort() })),
    /signal .*second argument/,
  ],
  [
    'a signal by another name',
    (p) => p.stream(request({ abortSignal: AbortSignal.abort() })).response(),
    /signal\? .*second argument/,
  ],
  [
    'an option of the loop in the request',
    (p) => runTools(p, request({ maxSteps: 5 })).result(),
    /maxSteps .*runTools\(provider, request/,
  ],
  ['stream: true', (p) => p.chat(request({ stream: true })), /Call stream\(\)/],
  ['a model', (p) => p.chat(request({ model: 'x' })), /provider for each model/],
  ['anything else', (p) => p.chat(request({ wobble: 1 })), /wobble .*The options are messages, system, /],
  [
    'an unknown default',
    () => world([[finish]], { defaults: odd({ temprature: 1 }) }).provider.chat('x'),
    /temperature\?$/,
  ],
  [
    'a request option in the call options',
    (p) => p.chat('x', odd({ temperature: 1 })),
    /temperature .*belongs in the request/,
  ],
  ['a misspelled call option', (p) => p.chat('x', odd({ timeOut: 5 })), /Did you mean timeout\?$/],
  ['a misspelled call option of embed', (p) => p.embed('x', odd({ hedaers: {} })), /Did you mean headers\?$/],
  ['a misspelled call option of models', (p) => p.models(odd({ signl: 1 })), /Did you mean signal\?$/],
  ['retries of another SDK', (p) => p.chat('x', odd({ maxRetries: 0 })), /Did you mean retry\?$/],
  [
    'an unknown time limit',
    (p) => p.chat('x', { timeout: odd({ totl: 5 }) }),
    /total, first, idle, but totl is 5/,
  ],
  [
    'an unknown retry rule',
    (p) => p.chat('x', { retry: odd({ attempts: 5 }) }),
    /retries, .*but attempts is 5/,
  ],
  [
    'a time limit in words',
    (p) => p.chat('x', { timeout: odd('5s') }),
    /timeout must be milliseconds .*timeout is 5s/,
  ],
  [
    'retry: true',
    (p) => p.chat('x', { retry: odd(true) }),
    /retry must be false or an object .*retry is true/,
  ],
  [
    'a misspelled option of runTools',
    (p) => runTools(p, 'x', odd({ maxStep: 5 })).result(),
    /Did you mean maxSteps\?$/,
  ],
  [
    'a misspelled option of generateObject',
    (p) => generateObject(p, object, 'x', odd({ repair: 5 })),
    /Did you mean repairs\?$/,
  ],
  [
    'a request option of streamObject',
    (p) => streamObject(p, object, 'x', odd({ system: 'x' })).result(),
    /system .*belongs in the request/,
  ],
  [
    'a misspelled option of streamElements',
    (p) => streamElements(p, object, 'x', odd({ nam: 'x' })).result(),
    /Did you mean name\?$/,
  ],
  [
    'a misspelled option of an embed request',
    (p) => p.embed(odd({ input: 'x', dimension: 5 })),
    /Did you mean dimensions\?$/,
  ],
  [
    'a misspelled option of a rerank request',
    (p) => p.rerank(odd({ query: 'x', document: [] })),
    /Did you mean documents\?$/,
  ],
  [
    'a misspelled option of a transcribe request',
    (p) => p.transcribe(odd({ audio: 'AAAA', mediatype: 'audio/wav' })),
    /Did you mean mediaType\?$/,
  ],
  [
    'a misspelled provider',
    (p) => p.chat(request({ providerOptions: { Scripted: {} } })),
    /Did you mean providerOptions\.scripted\?$/,
  ],
  [
    'provider options that are not an object',
    (p) => p.chat(request({ providerOptions: { scripted: 5 } })),
    /providerOptions\.scripted must be an object/,
  ],
]

describe('an option with a wrong name', () => {
  it.each(cases)('is refused before anything is sent: %s', async (_, call, message) => {
    const empty = async () => ({ vectors: [], scores: [], text: '', segments: [], usage: {}, model: 'm' })
    const made = world(
      [[say('x'), finish]],
      {},
      { embed: empty, rerank: empty, transcribe: empty, models: async () => [], capabilities: () => can },
    )
    const error = await failureOf(call(made.provider))
    expect(error).toMatchObject({ code: 'invalid-request', message: expect.stringMatching(message) })
    expect(made.attempts).toEqual([])
  })

  it('is not one whose value is undefined', async () => {
    const { provider } = world([[say('hi'), finish]])
    const response = await provider.chat(request({ wobble: undefined }), odd({ wobble: undefined }))
    expect(response.text).toBe('hi')
  })

  it('is not one for another provider, so that a request can be sent to several', async () => {
    const { provider } = world([[say('hi'), finish]])
    const providerOptions = { openai: { service_tier: 'flex' }, claude: {}, 'my-server': {} }
    expect((await provider.chat({ messages: 'x', providerOptions })).text).toBe('hi')
  })

  it.each([
    'cluade',
    'claue',
    'claudde',
    'CLAUDE',
    'cla-ude',
  ])('is refused if it is a slip of the own provider: %s for claude', async (name) => {
    const { provider, attempts } = world([[finish]], {}, { provider: 'claude' })
    const slip = provider.chat({ messages: 'x', providerOptions: { [name]: { fast: true } } })
    expect(await failureOf(slip)).toMatchObject({
      code: 'invalid-request',
      message: expect.stringMatching(/Did you mean providerOptions\.claude\?$/),
    })
    expect(attempts).toEqual([])
  })

  it('is not one for another provider with a similar name', async () => {
    for (const name of ['mock2', 'mack', 'mock-eu', 'moc']) {
      const providerOptions = { [name]: { fast: true } }
      const answer = mockProvider({ answers: ['hi'] }).chat({ messages: 'x', providerOptions })
      expect((await answer).text).toBe('hi')
    }
  })
})

it('messages cannot be a default', async () => {
  const { provider } = world([[finish]], { defaults: { messages: 'x' } })
  expect(await failureOf(provider.chat('x'))).toMatchObject({
    message: expect.stringContaining('defaults.messages'),
  })
})

const input = { type: 'object', properties: { city: { type: 'string' } } }
describe('tools in the form of another SDK', () => {
  it.each<[string, unknown, RegExp]>([
    [
      'the AI SDK: a record',
      { weather: { inputSchema: input, execute: () => '' } },
      /tools must be a list: \[tool\(/,
    ],
    [
      'the AI SDK: a list',
      [{ name: 'weather', inputSchema: input, execute: () => '' }],
      /tools\[0\]\.inputSchema .*Did you mean input\?/,
    ],
    [
      'the AI SDK: execute',
      [{ name: 'weather', input, execute: () => '' }],
      /tools\[0\]\.execute .*Did you mean run\?/,
    ],
    [
      'OpenAI: Chat Completions',
      [{ type: 'function', function: { name: 'weather', parameters: input } }],
      /tools\[0\] has the form of OpenAI/,
    ],
    [
      'OpenAI: Responses',
      [{ type: 'function', name: 'weather', parameters: input }],
      /tools\[0\] has the form of OpenAI/,
    ],
    ['Anthropic', [{ name: 'weather', input_schema: input }], /Did you mean input\?/],
    ['LangChain', [{ name: 'weather', schema: input, func: () => '' }], /Did you mean input\?/],
    ['a typing error', [{ name: 'weather', descripton: 'x', input }], /Did you mean description\?/],
    ['a name', ['weather'], /tools\[0\] must be a tool/],
  ])('are refused with our names: %s', async (_, tools, message) => {
    for (const call of [
      (p: Provider) => p.chat(request({ tools })),
      (p: Provider) => runTools(p, request({ tools })).result(),
    ]) {
      const provider = mockProvider()
      expect(await failureOf(call(provider))).toMatchObject({
        code: 'invalid-request',
        message: expect.stringMatching(message),
      })
      expect(provider.requests).toEqual([])
    }
  })

  it('may carry labels of the app', async () => {
    const tools = odd([{ name: 'weather', input, category: 'demo', label: 'Weather', runs: 2, ran: 0 }])
    expect((await mockProvider({ answers: ['hi'] }).chat({ messages: 'x', tools })).text).toBe('hi')
  })
})

it('every option with one wrong, missing or doubled letter is recognised', () => {
  for (const names of Object.values(optionNames))
    for (const name of names.filter(({ length }) => length >= 4))
      for (const wrong of [`${name}s`, name.slice(1), `${name[0]}${name}`, name.toUpperCase()])
        if (!names.includes(wrong)) expect(names).toContain(meantName(wrong, names))
})
