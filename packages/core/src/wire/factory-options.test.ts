// Options of factories, and fields of providerOptions: wrong names are refused with the right one.
import { expect, it } from 'vitest'
import { isLlmError } from '../index.js'
import { checkFields, factoryOptions } from './index.js'

interface Options {
  model?: string
  apiKey?: string
  baseURL?: string
  allowBrowser?: boolean
}
const names = {
  ...{ factory: 'mine', example: 'm-1' },
  own: { apiKey: true, baseURL: true, allowBrowser: true },
} as const
const made = (first: unknown, rest?: unknown) => factoryOptions<Options>(first as never, rest as never, names)

function messageOf(work: () => unknown, code: string): string {
  try {
    work()
  } catch (error) {
    if (isLlmError(error) && error.code === code) return error.message
    throw error
  }
  throw new Error('expected a failure')
}

it.each<[name: string, message: RegExp]>([
  ['baseUrl', /^baseUrl is not an option of mine\(\)\. Did you mean baseURL\?$/],
  ['base_url', /Did you mean baseURL\?$/],
  ['apikey', /Did you mean apiKey\?$/],
  ['api_key', /Did you mean apiKey\?$/],
  ['maxRetries', /Did you mean retry\?$/],
  ['timeOut', /Did you mean timeout\?$/],
  ['host', /Did you mean baseURL\?$/],
  ['defaultHeaders', /Did you mean headers\?$/],
  ['dangerouslyAllowBrowser', /Did you mean allowBrowser\?$/],
  ['temperature', /option of a request.*mine\(model, \{ defaults: \{ temperature: 0 \} \}\)/],
  ['maxTokens', /Did you mean maxOutputTokens\? It is an option of a request/],
  ['signal', /option of a call: chat\(request, \{ signal \}\)/],
  ['wobble', /The options are model, apiKey, baseURL, allowBrowser, media, defaults, /],
])('an option of a factory with a wrong name is refused: %s', (name, message) => {
  for (const work of [() => made('m', { [name]: 1 }), () => made({ model: 'm', [name]: 1 })])
    expect(messageOf(work, 'config')).toMatch(message)
})

it('an option whose value is undefined is absent, as that of an unset variable', () => {
  expect(made('m', { apiKey: undefined, wobble: undefined })).toMatchObject({ model: 'm' })
})

it.each<[what: string, first: unknown, rest: unknown, message: RegExp]>([
  ['nothing', undefined, undefined, /^mine\(\) needs a model, for example mine\('m-1'\)\.$/],
  ['an empty name', '', undefined, /needs a model/],
  ['options without a model', { apiKey: 'k' }, undefined, /needs a model/],
  ['a key in place of options', 'm', 'sk-abc', /takes a model and an object of options/],
  ['null', null, undefined, /needs a model/],
  ['a number', 5, undefined, /takes a model and an object/],
])('a factory without a model, or with something else, says what it takes: %s', (_, first, rest, message) => {
  expect(messageOf(() => made(first, rest), 'config')).toMatch(message)
})

const fields = ['service_tier', 'metadata', 'top_p', 'max_tokens', 'stop_sequences']
it.each<[name: string, message: RegExp]>([
  ['serviceTier', /^providerOptions\.mine\.serviceTier is not a field .* Did you mean service_tier\?$/],
  ['servce_tier', /Did you mean service_tier\?$/],
  ['sevrice_tier', /Did you mean service_tier\?$/],
  ['stopSequences', /Did you mean stop_sequences\?$/],
  ['topP', /option of the request itself: chat\(\{ messages, topP \}\)/],
  ['maxOutputTokens', /option of the request itself: chat\(\{ messages, maxOutputTokens \}\)/],
])('a known field of a service in another spelling is refused: %s', (name, message) => {
  expect(
    messageOf(() => checkFields({ [name]: 1 }, fields, 'providerOptions.mine'), 'invalid-request'),
  ).toMatch(message)
})

it.each([
  'top_k',
  'min_tokens',
  'brand_new_field',
  'service_tier',
  'stopAfter',
  'models',
  'tool_choices',
  'max_token',
])('a field that we do not know is sent, since services get new ones: %s', (name) => {
  expect(checkFields({ [name]: 1 }, fields, 'providerOptions.mine')).toBeUndefined()
})
