// Estimated tokens, compared with what tokenizers and services count.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ChatRequest } from '@patchbay/core'
import fc from 'fast-check'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { estimateTokens } from './index.js'
import { textTokens } from './text-tokens.js'

afterEach(() => {
  vi.doUnmock('gpt-tokenizer/encoding/o200k_base')
  vi.resetModules()
})

/** `estimateTokens` where the tokenizer is not installed. */
async function withoutTokenizer(): Promise<typeof estimateTokens> {
  vi.resetModules()
  vi.doMock('gpt-tokenizer/encoding/o200k_base', () => {
    throw new Error('Cannot find package')
  })
  return (await import('./index.js')).estimateTokens
}

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const recordings = process.env.PATCHBAY_RECORDINGS ?? ''
const hasRecordings = recordings !== ''
if (!hasRecordings)
  process.stderr.write(
    'Skipped: token counts of services. Set PATCHBAY_RECORDINGS to the folder that holds them.\n',
  )

interface Recorded {
  provider: string
  expect: {
    text?: string
    toolCalls?: unknown[]
    otherBlocks?: object
    usageRaw?: Record<string, unknown>
    reasoning?: string
  }
}

/** Answers of text alone, with the tokens that the service counted for them. */
function answers(): { model: string; text: string; tokens: number }[] {
  return readdirSync(recordings).flatMap((name) => {
    const file = join(recordings, name, 'meta.json')
    if (!existsSync(file)) return []
    const { provider, expect: said } = JSON.parse(readFileSync(file, 'utf8')) as Recorded
    const { text = '', reasoning = '', toolCalls = [], otherBlocks = {}, usageRaw = {} } = said
    // Reasoning that is hidden or summarized is counted, and not seen.
    const isSeen = reasoning === '' && !JSON.stringify(usageRaw).match(/"reasoning_tokens": ?[1-9]/)
    if (text.length < 200 || !isSeen || toolCalls.length > 0 || Object.keys(otherBlocks).length > 0) return []
    const tokens = Number(usageRaw.output_tokens ?? usageRaw.completion_tokens ?? usageRaw.eval_count)
    // Its server counts words.
    if (!(tokens > 0) || provider === 'local-server') return []
    const model = { anthropic: 'claude-sonnet-4-5', openai: 'gpt-5', xai: 'grok-4' }[provider] ?? provider
    return [{ model: name.includes('cache_messages_anthropic') ? 'claude-sonnet-4-6' : model, text, tokens }]
  })
}

/** The share of estimates that are within their stated error. */
async function within(estimate: typeof estimateTokens): Promise<number> {
  const all = await Promise.all(
    answers().map(async ({ model, text, tokens }) => {
      const { tokens: estimated, error } = await estimate(text, { model })
      return Math.abs(estimated - tokens) <= Math.max(2, tokens * error)
    }),
  )
  expect(all.length).toBeGreaterThan(20)
  return all.filter(Boolean).length / all.length
}

describe('an estimate', () => {
  it.skipIf(!hasRecordings)(
    'by a tokenizer is within its error for nine recorded answers of ten',
    async () => {
      expect(await within(estimateTokens)).toBeGreaterThanOrEqual(0.9)
    },
  )

  it.skipIf(!hasRecordings)(
    'by characters is within its error for nine recorded answers of ten',
    async () => {
      expect(await within(await withoutTokenizer())).toBeGreaterThanOrEqual(0.9)
    },
  )

  it('of a text for a model of OpenAI is the count of its tokenizer', async () => {
    const text = 'The quick brown fox jumps over the lazy dog. <|endoftext|> Größe 中文 🦀'
    const { tokens, by, error } = await estimateTokens(text, { model: 'openai/gpt-4' })
    expect(by).toBe('tokenizer')
    expect(error).toBeLessThan(0.1)
    expect(Math.abs(tokens - countTokens(text, { disallowedSpecial: new Set() }))).toBeLessThan(6)
  })

  it('says how it was made, and a larger error without a tokenizer', async () => {
    const tokenizer = await estimateTokens('Hi there.')
    const characters = await (await withoutTokenizer())('Hi there.')
    expect(characters.by).toBe('characters')
    expect(characters.error).toBeGreaterThan(tokenizer.error)
  })

  it.each([
    ['anthropic/claude-haiku-4-5', 'claude-3-5-sonnet-latest', 1],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'claude-sonnet-4-20250514', 1],
    ['claude-opus-4-7', 'claude-sonnet-4-6', 1.1],
    ['claude-haiku-4-5', 'gpt-5', 1.1],
  ])('%s and %s have the tokens of their families', async (one, other, least) => {
    const text = 'Some words about the weather of tomorrow, which will be fine. '.repeat(20)
    const [first, second] = await Promise.all([one, other].map((model) => estimateTokens(text, { model })))
    const ratio = (first?.tokens ?? 0) / (second?.tokens ?? 1)
    expect(ratio).toBeGreaterThanOrEqual(least)
    expect(ratio).toBeLessThan(1.3)
  })

  it('counts everything a request says, and nothing twice', async () => {
    const base: ChatRequest = { messages: [{ role: 'user', content: 'Hi.' }] }
    const { tokens: plain } = await estimateTokens(base)
    const more: Partial<ChatRequest>[] = [
      { system: 'Be brief.' },
      {
        tools: [
          {
            name: 'look',
            description: 'Looks.',
            input: { type: 'object', properties: { at: { type: 'string' } } },
          },
        ],
      },
      { output: { schema: { type: 'object', properties: { a: { type: 'string' } } } } },
      { messages: ['Hi.', { role: 'assistant', content: 'Hello.' }, 'And?'] },
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'Hi.' },
              { type: 'image', mediaType: 'image/png', data: 'AAAA' },
            ],
          },
        ],
      },
    ]
    for (const part of more) {
      const { tokens } = await estimateTokens({ ...base, ...part })
      expect(tokens).toBeGreaterThan(plain)
      expect(tokens).toBeLessThan(plain + 1700)
    }
  })

  it('of a request that cannot be sent is refused', async () => {
    await expect(estimateTokens({ messages: [] })).rejects.toMatchObject({ code: 'invalid-request' })
  })

  it('of a large text lets the event loop run', async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    await estimateTokens('Many different words, 12 of them: alpha beta gamma. '.repeat(100_000))
    clearInterval(timer)
    expect(turns).toBeGreaterThan(3)
  })
})

describe('tokens by characters', () => {
  it.each([
    ['prose', () => readFileSync(join(root, 'docs/errors.md'), 'utf8')],
    ['code', () => readFileSync(join(root, 'packages/core/src/call/lifecycle.ts'), 'utf8')],
    ['JSON', () => readFileSync(join(root, 'packages/policies/package.json'), 'utf8')],
    [
      'German',
      () =>
        'Die Bundesregierung hat am Mittwoch beschlossen, die Förderung für Gebäude zu verlängern. '.repeat(
          5,
        ),
    ],
    ['Chinese', () => '今天的天气很好，我们一起去公园散步吧。他们正在讨论明年的计划。'.repeat(5)],
    ['Russian', () => 'Сегодня хорошая погода, и мы пойдём гулять в парк вместе с друзьями. '.repeat(5)],
    [
      'Japanese',
      () =>
        '今日は天気がいいので、公園へ散歩に行きましょう。彼らは来年の計画について話しています。'.repeat(5),
    ],
  ])('are near the count of a tokenizer for %s', (_, read) => {
    const text = read()
    const count = countTokens(text, { disallowedSpecial: new Set() })
    expect(Math.abs(textTokens(text) - count) / count).toBeLessThan(0.4)
  })

  it('law: a longer text has no fewer tokens, and any text is counted', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        const all = textTokens(one + other)
        expect(Number.isFinite(all)).toBe(true)
        expect(all).toBeGreaterThanOrEqual(textTokens(one))
        expect(all).toBeLessThanOrEqual(textTokens(one) + textTokens(other) + 1e-9)
      }),
    ))
})
