// Keys in the wrong place: as an address, the name of a model, or in the middle of what a service says.
import { describe, expect, it } from 'vitest'
import { LlmError } from '../../contract/errors.js'
import { checkModel, redactor, serverAddress, withoutKeys } from '../index.js'

const letters = 'aB3dE5gH7jK9mN1pQ3sT5vX7zA9cE1gH3jK5mN7p'
const keys = {
  'sk-…': `sk-${letters}`,
  'sk-proj-…': `sk-proj-${letters.slice(0, 9)}_${letters.slice(9)}`,
  'sk-ant-…': 'sk-ant-api03-a_B-3dE5gH7j_K9mN-1pQ3sT5v_X7zA9cE1g-H3jK5mN7pAA',
  'sk-or-…': 'sk-or-v1-0123456789abcdef0123456789abcdef',
  'csk-…': `csk-${letters}`,
  'gsk_…': `gsk_${letters}`,
  'AIza…': 'AIzaSyA-1b_C2dE3fG4hI5jK6lM7nO8pQ9rS0tU',
  'xai-…': `xai-${letters}`,
  'hf_…': 'hf_aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH',
  'pb-…': 'pb-a-B3dE5gH7jK9mN1pQ3sT5vX7zA9cE1gH3jK5mN7pQ9',
  'tgp_v1_…': 'tgp_v1_a-B3dE5gH7jK9mN1pQ3sT5vX7zA9cE1',
}

describe.each(Object.entries(keys))('of the key %s', (shown, key) => {
  it('only the beginning that all such keys have stands in a text', () => {
    for (const around of ['', ' ', '"', "'", '`', '/', ':', '=', '(', ',', '\n', '_'])
      expect(withoutKeys(`a${around || ' '}${key}${around}. Next`)).toBe(
        `a${around || ' '}${shown}${around === '_' ? '' : around}. Next`,
      )
  })

  it.each([
    String.raw`{"e":"Bad key:\n@"}`,
    String.raw`{"e":"Bad key:\t@\r\n"}`,
    String.raw`{"e":"{\"e\":\"\\n@\\n\"}"}`,
    String.raw`{"e":"\b@\f@\v@"}`,
    String.raw`{"e":"\u0022@\u0022 \u003A@\x3d@"}`,
    '?key%3D@%26a=b%2f@',
    '&quot;@&quot; &#34;@ &#x22;@',
    '\u001b[31m@\u001b[0m',
    String.raw`\u001b[1;31m@`,
  ])('nor behind an escape: %s', (text) =>
    expect(withoutKeys(text.replaceAll('@', key))).toBe(text.replaceAll('@', shown)))

  it('nothing more stands in the error of an address, or of a model', () => {
    for (const refused of [
      () => serverAddress(key, 'http://h'),
      () => serverAddress(`ftp://${key}/v1`, 'http://h'),
      () => checkModel(key, 'own', 'm'),
      () => checkModel(`models/${key}`, 'own', 'm'),
    ])
      expect(refused).toThrow(
        expect.objectContaining({
          code: 'config',
          message: expect.stringContaining(shown),
          stack: expect.not.stringContaining(key.slice(10)),
        }),
      )
  })

  it('nothing more stands in a failure that a service or a platform tells of, though it was not sent as a key', () => {
    const cause = new Error(`getaddrinfo ENOTFOUND ${key}`)
    const failure = new LlmError('not-found', `There is no model ${key}.`, {
      responseBody: `{"model":"${key}"}`,
      cause,
    })
    const { message, responseBody, cause: told } = redactor('http://h', {})(failure)
    expect([message, responseBody, String(told)].join()).not.toContain(key.slice(10))
    expect(message).toBe(`There is no model ${shown}.`)
  })
})

/** A generator of the same bytes each time (mulberry32). */
function bytes(seed: number) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

const lower = 'abcdefghijklmnopqrstuvwxyz'
const hex = '0123456789abcdef'
const base36 = `${lower}0123456789`
const base62 = `${base36}${lower.toUpperCase()}`
const base64 = `${base62}-_`

it.each<[service: string, shown: string, prefix: string, alphabet: string, length: number, suffix?: string]>([
  ['OpenAI, of a project', 'sk-proj-', 'sk-proj-', base64, 156],
  ['OpenAI, of a service', 'sk-svcacct-', 'sk-svcacct-', base64, 156],
  ['OpenAI, of an administrator', 'sk-admin-', 'sk-admin-', base64, 156],
  ['OpenAI and Moonshot', 'sk-', 'sk-', base62, 48],
  ['Anthropic', 'sk-ant-', 'sk-ant-api03-', base64, 93, 'AA'],
  ['Anthropic, of an administrator', 'sk-ant-', 'sk-ant-admin01-', base64, 93, 'AA'],
  ['OpenRouter', 'sk-or-', 'sk-or-v1-', hex, 64],
  ['DeepSeek and Alibaba', 'sk-', 'sk-', hex, 32],
  ['Cerebras', 'csk-', 'csk-', base36, 48],
  ['Groq', 'gsk_', 'gsk_', base62, 52],
  ['Google', 'AIza', 'AIzaSy', base64, 33],
  ['xAI', 'xai-', 'xai-', base62, 80],
  ['Hugging Face', 'hf_', 'hf_', lower + lower.toUpperCase(), 34],
  ['Together', 'tgp_v1_', 'tgp_v1_', base64, 43],
  ['our gateway', 'pb-', 'pb-', base64, 43],
])('a key of %s is one', (_, shown, prefix, alphabet, length, suffix = '') => {
  const next = bytes(length)
  const made = Array.from(
    { length: 1000 },
    () => prefix + Array.from({ length }, () => alphabet[next() % alphabet.length]).join('') + suffix,
  )
  // What is random may look like words, though seldom.
  expect(made.filter((key) => withoutKeys(key) !== `${shown}…`).length).toBeLessThan(10)
})

it.each([
  'gpt-5.6-sol',
  'claude-opus-4-5-20251101',
  'xai-grok-4-fast-reasoning-2026',
  'sk-korean-llama-3-8b-instruct',
  'task-0123456789abcdef0123',
  'hf_transformers_style_model_name',
  'pb-something-with-a-long-name-2026',
  'hf:owner/repo:file.gguf',
  'nsk-aB3dE5gH7jK9mN1pQ3sT5vX7zA9c',
  '[desk-aB3dE5gH7jK9mN1pQ3sT5vX7zA9c',
  String.raw`C:\\tasks\\task-aB3dE5gH7jK9mN1pQ3sT5v`,
  'ft:gpt-4o:sk-telecomresearchlab::abc',
  'sk-telecomresearchlab2026',
  'sk-internationalization',
  'sk-or-chestrator-llama-3-8b-instruct',
  'sk-ant-colony-optimisation-v2',
  'sk-proj-internal-assistant-2026',
  'sk-projectassistants-2026-11-27',
  'csk-chennaisuperkings2026',
  'gsk_pharmaceuticalresearch_v2',
  'hf_internaltestingtiny-random',
  'hf_transformersModelForCausalLM',
  'hf_BertForMaskedLMV2',
  'hf_Qwen3ForCausalLMWithValueHead',
  'aizawashouta_my_hero_academia',
  'AIzawaShouta_My_Hero_Academia',
  'xai-explanationofmodels',
  'xai-grok4fastreasoning2026',
  'pb-a-model-with-quite-a-long-name-of-many-small-words',
  'pb-qwen3-30b-a3b-instruct-2507-q4-k-m-gguf-v2-imatrix',
  'hf.co/unsloth/Qwen3-0.6B-GGUF',
  'Incorrect API key provided: sk-proj-****abcd.',
  'sk-no-key-required',
  'The header x-api-key is missing; set XAI_API_KEY.',
])('%s is no key', (text) => {
  expect(withoutKeys(text)).toBe(text)
  const failure = new LlmError('not-found', text)
  expect(redactor(undefined, undefined)(failure)).toBe(failure)
  expect(() => checkModel(text, 'own', 'm')).not.toThrow()
})

it('a model that is missing is asked for', () => {
  for (const none of [undefined, ''])
    expect(() => checkModel(none, 'own', 'm')).toThrow("own() needs a model, for example own('m').")
})
