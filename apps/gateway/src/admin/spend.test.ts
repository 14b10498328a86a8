// Spend that adds up: what the gateway says was used is what the services say, to the request, the token and the cent.
import { expect, it, vi } from 'vitest'
import { type AdminWorld, adminWorld } from '../../test/admin-world.js'
import { type BookkeepingService, bookkeepingService } from '../../test/bookkeeping-service.js'

const prices = {
  sonnet: { input: 3, output: 15 },
  gpt: { input: 1.1, output: 4.4 },
  llama: { input: 0.1, output: 0.2 },
}

interface World extends AdminWorld {
  services: Record<'claude' | 'openai' | 'ollama', BookkeepingService>
}

async function world(): Promise<World> {
  const [claude, openai, ollama] = await Promise.all([
    bookkeepingService('anthropic'),
    bookkeepingService('openai-chat'),
    bookkeepingService('ollama'),
  ])
  const retry = { retries: 2, baseDelay: 1, maxDelay: 5 }
  const providers = {
    sonnet: {
      use: 'claude' as const,
      model: 'sonnet',
      baseURL: claude.url,
      apiKey: 'x',
      retry,
      fallback: 'gpt',
    },
    gpt: { use: 'openai' as const, model: 'gpt', baseURL: `${openai.url}/v1`, apiKey: 'x', retry },
    llama: { use: 'ollama' as const, model: 'llama', baseURL: ollama.url, retry },
    kept: {
      use: 'openai' as const,
      model: 'gpt',
      baseURL: `${openai.url}/v1`,
      apiKey: 'x',
      policies: ['cache' as const],
    },
  }
  const gateway = await adminWorld({}, undefined, { default: 'gpt', providers, prices })
  return { ...gateway, services: { claude, openai, ollama } }
}

type Call = (question: string, model: string, stream: boolean) => [path: string, body: object]

const protocols: Call[] = [
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

const pick = <T>(list: readonly T[], index: number): T => list[index % list.length] as T

const usdOf = (
  books: { input: number; output: number },
  { input, output }: { input: number; output: number },
) => (books.input * input + books.output * output) / 1e6

/** Set PATCHBAY_SPEND_CALLS for more: ten thousand take some minutes. */
const total = Number(process.env.PATCHBAY_SPEND_CALLS ?? 600)

it('mixed calls add up to what the services have in their books', async () => {
  const { admin, ask, url, written, services } = await world()
  const keys = await Promise.all(
    ['ann', 'bob', 'cleo'].map(async (name) => (await admin('POST', '/keys', { name })).body.key as string),
  )
  const counted = { requests: 0, errors: 0 }
  const one = async (index: number) => {
    // Each prime number shifts against the others, so that all combinations occur.
    const kind = pick(['', '', `(busy ${index})`, '(fails)', '', 'the same question'], Math.floor(index / 7))
    const model = kind === 'the same question' ? 'kept' : pick(['sonnet', 'gpt', 'llama'], index)
    const text = kind === 'the same question' ? kind : `Question ${'x'.repeat(index % 100)} ${kind}`
    const [path, body] = pick(protocols, Math.floor(index / 3))(text, model, Math.floor(index / 5) % 2 === 0)
    const { status, text: answer } = await ask(pick(keys, index), path, body)
    counted.requests++
    if (status >= 400 || /"error":\s*["{]/.test(answer)) counted.errors++
  }
  let next = 0
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (next < total) await one(next++)
    }),
  )
  expect(url).toMatch(/^http/)
  await written()
  const { claude, openai, ollama } = Object.fromEntries(
    Object.entries(services).map(([name, { books }]) => [name, books]),
  ) as Record<keyof typeof services, BookkeepingService['books']>
  const [all] = (await admin('GET', '/spend')).body.data
  expect(all).toMatchObject({
    ...counted,
    inputTokens: claude.input + openai.input + ollama.input,
    outputTokens: claude.output + openai.output + ollama.output,
  })
  expect(counted.requests).toBe(total)
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
}, 1_800_000)

it.each(
  protocols.map((call, index) => [call('', '', true)[0], index] as const),
)('a stream of %s that a client leaves counts as a request with what had come, as an estimate', async (_, index) => {
  const { admin, url, written } = await world()
  const { key } = (await admin('POST', '/keys', { name: 'ann' })).body
  for (const model of ['sonnet', 'gpt', 'llama']) {
    const [path, body] = pick(protocols, index)(
      `A question of forty characters ${'x'.repeat(10)} (stops)`,
      model,
      true,
    )
    const leaving = new AbortController()
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: leaving.signal,
    })
    let text = ''
    for await (const chunk of answer.body ?? []) {
      text += Buffer.from(chunk).toString()
      if (text.includes('Hello')) break
    }
    leaving.abort()
  }
  await written()
  const { data } = (await admin('GET', '/requests?key=ann')).body
  expect(data).toHaveLength(3)
  for (const row of data) {
    expect(row).toMatchObject({ status: 499, error: 'aborted', estimated: true, answeredBy: row.model })
    expect(row.inputTokens).toBeGreaterThan(5)
    expect(row.outputTokens).toBeGreaterThanOrEqual(1)
    const { input, output } = prices[row.model as keyof typeof prices]
    expect(row.usd).toBeCloseTo((row.inputTokens * input + row.outputTokens * output) / 1e6, 9)
  }
  const [sum] = (await admin('GET', '/spend')).body.data
  expect(sum).toMatchObject({ requests: 3, errors: 3 })
  expect(sum.usd).toBeGreaterThan(0)
})

it('a whole answer that a client does not wait for counts as an estimate, too', async () => {
  const { admin, url, written, services } = await world()
  const { key } = (await admin('POST', '/keys', { name: 'ann' })).body
  const leaving = new AbortController()
  const [path, body] = pick(protocols, 0)('A question (stops)', 'gpt', false)
  const asking = fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: leaving.signal,
  }).catch((error: unknown) => error)
  await vi.waitFor(() => expect(services.openai.books.cut).toBe(1), { timeout: 20_000 })
  leaving.abort()
  await asking
  await written()
  const { data } = (await admin('GET', '/requests?key=ann')).body
  expect(data).toMatchObject([{ status: 499, estimated: true, provider: 'openai', answeredBy: 'gpt' }])
  expect(data[0].usd).toBeGreaterThan(0)
})
