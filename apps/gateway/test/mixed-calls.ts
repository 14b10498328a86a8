// Calls of every kind that costs something, against services that keep their own books; and the comparison of both.
import type { Config } from '@patchbay/config'
import { expect } from 'vitest'
import type { AdminWorld, Answer } from './admin-world.js'
import { type BookkeepingService, bookkeepingService } from './bookkeeping-service.js'

export const prices = {
  sonnet: { input: 3, output: 15 },
  gpt: { input: 1.1, output: 4.4 },
  llama: { input: 0.1, output: 0.2 },
}

export type Services = Record<'claude' | 'openai' | 'ollama', BookkeepingService>

/** The services, and providers that ask them: with retries, a fallback, a race and a cache. */
export async function bookkeepingServices(): Promise<{
  services: Services
  config: Omit<Config, 'gateway'>
}> {
  const [claude, openai, ollama] = await Promise.all([
    bookkeepingService('anthropic'),
    bookkeepingService('openai-chat'),
    bookkeepingService('ollama'),
  ])
  const retry = { retries: 2, baseDelay: 1, maxDelay: 5 }
  const gpt = { use: 'openai' as const, model: 'gpt', baseURL: `${openai.url}/v1`, apiKey: 'x', retry }
  const providers = {
    sonnet: {
      ...{ use: 'claude' as const, model: 'sonnet', baseURL: claude.url, apiKey: 'x', retry },
      fallback: 'gpt',
    },
    gpt,
    llama: { use: 'ollama' as const, model: 'llama', baseURL: ollama.url, retry },
    kept: { ...gpt, retry: false as const, policies: ['cache' as const] },
    // The first call of a question that is (slow) never begins: the second gives the answer.
    raced: { use: 'hedge' as const, providers: ['gpt', 'gpt'] as [string, string], delay: 30 },
  }
  return { services: { claude, openai, ollama }, config: { default: 'gpt', providers, prices } }
}

type Call = (question: string, model: string, stream: boolean) => [path: string, body: object]

export const protocols: Call[] = [
  (content, model, stream) => [
    '/v1/chat/completions',
    { model, stream, messages: [{ role: 'user', content }] },
  ],
  (input, model, stream) => ['/v1/responses', { model, stream, input }],
  (content, model, stream) => [
    '/v1/messages',
    { model, stream, max_tokens: 50, messages: [{ role: 'user', content }] },
  ],
  (content, model, stream) => ['/api/chat', { model, stream, messages: [{ role: 'user', content }] }],
]

export const pick = <T>(list: readonly T[], index: number): T => list[index % list.length] as T

const background: Call = (input, model, stream) => [
  '/v1/responses',
  { model, stream, input, background: true },
]
const kinds = ['', '(background)', '(busy)', '(fails)', '(slow)', 'the same question', '', '(background)']

/** One of the calls; each number gives another combination of model, protocol, streaming and what happens. */
export async function mixedCall(
  { ask, url }: Pick<AdminWorld, 'ask' | 'url'>,
  key: string,
  index: number,
): Promise<{ failed: boolean; path: string }> {
  // Each prime number shifts against the others, so that all combinations occur.
  const kind = pick(kinds, Math.floor(index / 7))
  const numbered = kind === '(busy)' || kind === '(slow)' ? `${kind.slice(0, -1)} ${index})` : kind
  const model =
    kind === 'the same question'
      ? 'kept'
      : kind === '(slow)'
        ? 'raced'
        : pick(['sonnet', 'gpt', 'llama'], index)
  const text = kind === 'the same question' ? kind : `Question ${'x'.repeat(index % 100)} ${numbered}`
  const call = kind === '(background)' ? background : pick(protocols, Math.floor(index / 3))
  const [path, body] = call(text, model, Math.floor(index / 5) % 2 === 0)
  const answer = await ask(key, path, body)
  const failed = answer.status >= 400 || /"error":\s*["{]/.test(answer.text)
  // An answer in the background that is not followed as a stream is read until it has ended.
  if (kind === '(background)' && !failed && answer.body?.id !== undefined)
    return { failed: await endsAsFailed(url, key, answer), path }
  return { failed, path }
}

async function endsAsFailed(url: string, key: string, { body }: Answer): Promise<boolean> {
  while (true) {
    const response = await fetch(`${url}/v1/responses/${body.id}`, { headers: { 'x-api-key': key } })
    const { status } = (await response.json()) as { status?: string }
    if (status !== 'queued' && status !== 'in_progress') return status !== 'completed'
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const usdOf = (
  books: { input: number; output: number },
  { input, output }: { input: number; output: number },
) => (books.input * input + books.output * output) / 1e6

/** Makes so many calls, and expects that the gateway's sums are those of the services: to the request, the token and the cent. */
export async function expectSameBooks(world: AdminWorld, services: Services, total: number): Promise<void> {
  const { admin, written } = world
  const keys = await Promise.all(
    ['ann', 'bob', 'cleo'].map(async (name) => (await admin('POST', '/keys', { name })).body.key as string),
  )
  let errors = 0
  let next = 0
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (next < total) {
        const index = next++
        if ((await mixedCall(world, pick(keys, index), index)).failed) errors++
      }
    }),
  )
  await written()
  const { claude, openai, ollama } = Object.fromEntries(
    Object.entries(services).map(([name, { books }]) => [name, books]),
  ) as Record<keyof Services, BookkeepingService['books']>
  const [all] = (await admin('GET', '/spend')).body.data
  expect(all).toMatchObject({
    ...{ requests: total, errors },
    inputTokens: claude.input + openai.input + ollama.input,
    outputTokens: claude.output + openai.output + ollama.output,
  })
  const usd = usdOf(claude, prices.sonnet) + usdOf(openai, prices.gpt) + usdOf(ollama, prices.llama)
  expect(all.usd).toBeCloseTo(usd, 6)
  const byModel = (await admin('GET', '/spend?by=model')).body.data
  for (const [model, books] of [
    ['sonnet', claude],
    ['gpt', openai],
    ['llama', ollama],
  ] as const) {
    const row = byModel.find((one: { model: string }) => one.model === model)
    expect(row).toMatchObject({ inputTokens: books.input, outputTokens: books.output })
    expect(row.usd).toBeCloseTo(usdOf(books, prices[model]), 6)
  }
  for (const by of ['key', 'team', 'model', 'provider', 'day', 'key,model,day']) {
    const { data } = (await admin('GET', `/spend?by=${by}`)).body
    for (const name of ['requests', 'errors', 'inputTokens', 'outputTokens'])
      expect([
        by,
        name,
        data.reduce((sum: number, row: Record<string, number>) => sum + (row[name] ?? 0), 0),
      ]).toEqual([by, name, all[name]])
  }
  // Each kind of call that was meant to happen has happened.
  expect(openai.cut).toBeGreaterThan(0)
  expect(errors).toBeGreaterThan(0)
}
