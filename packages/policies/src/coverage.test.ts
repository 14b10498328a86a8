// Every policy at every operation of a provider does what the coverage table says: apply, do nothing or refuse.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CallOptions, type ChatResponse, LlmError, type Provider } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { failureOf } from '../test/failure.js'
import { lettersEmbedder } from '../test/letters.js'
import { standIn, walk, type ways } from '../test/operations.js'
import { spansAndMetrics } from '../test/telemetry.js'
import * as policies from './index.js'
import { coverage, type Operation, type PolicyName } from './middleware/policy-coverage.js'

const folder = mkdtempSync(join(tmpdir(), 'patchbay-doors-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0

/** What was seen of a call by whoever looks on: lines, spans, files. */
type Seen = string[]
const spare = () => mockProvider({ provider: 'spare', answers: ['from the spare'] })

/** Each of them around a provider, so that it does what it is for. */
const put: Record<PolicyName, (provider: Provider, seen: Seen) => Provider> = {
  batch: (inner) => policies.batch(inner, { native: false }),
  breaker: (inner) => policies.breaker(inner, { failures: 1 }),
  budget: (inner) => policies.budget(inner, { limits: [{ per: 'run', tokens: 0 }] }),
  cache: (inner) => policies.cache(inner),
  cascade: (inner) => policies.cascade([inner, spare], { accept: () => false }),
  compact: (inner) => policies.compact(inner, { at: 20, keep: 5, by: 'trim' }),
  fallback: (inner) => policies.fallback([inner, spare]),
  guard: (inner) => policies.guard(inner, { input: policies.denied(['bomb']) }),
  hedge: (inner) => policies.hedge([inner, spare], { delay: 60_000 }),
  hooks: (inner, seen) => {
    const note = ({ kind }: policies.HookCall) => void seen.push(kind)
    return policies.hooks(inner, { onStart: note, onFinish: note, onError: note })
  },
  learn: (inner) =>
    policies.learn([inner, spare], { by: { begin: () => 0, scores: () => [1, 0], learn: (s) => s } }),
  limit: (inner) => policies.limit(inner, { requestsPerMinute: 1, maxWait: 0 }),
  loadBalance: (inner) =>
    policies.loadBalance([inner, standIn({ model: 'stand-in-1', name: 'second' }).provider]),
  log: (inner, seen) => {
    const write = (fields: object, message: string) => seen.push(JSON.stringify({ ...fields, message }))
    return policies.log(inner, { logger: { info: write, warn: write, error: write } })
  },
  mask: (inner) => policies.mask(inner, { media: 'allow' }),
  priced: (inner) => policies.priced(inner, { 'stand-in-1': { input: 1, output: 1 } }),
  record: (inner, seen) => {
    const file = join(folder, `${files++}.json`)
    seen.push(file)
    return policies.record(inner, { file })
  },
  replay: (inner, seen) => {
    const file = join(folder, `${files++}.json`)
    seen.push(file)
    return policies.replay(inner, { file })
  },
  route: (inner) => policies.route([inner, spare]),
  semanticCache: (inner) => policies.semanticCache(inner, { embedder: lettersEmbedder() }),
  trace: (inner, seen) => policies.trace(inner, spansAndMetrics(seen)),
}

/** What it does where it applies: each looks for what the policy is for, and fails where nothing of it happened. */
type Proof = (way: (typeof ways)[number], put: (provider: Provider, seen: Seen) => Provider) => Promise<void>
const fails = (error: LlmError) => standIn({ fails: error })
const overloaded = new LlmError('overloaded', 'Busy.')

const refusesAtOnce =
  (code: string, text: string): Proof =>
  async (way, around) => {
    const { provider, asked } = standIn()
    const outer = around(provider, [])
    // Calls about a submitted batch carry no text and cost nothing: they reach the provider.
    if (way.door === 'batches' && way.name !== 'batches.submit') {
      await way.ask(outer, text)
      expect(asked).toHaveLength(1)
      return
    }
    expect(await failureOf(way.ask(outer, text))).toMatchObject({ code })
    expect(asked).toHaveLength(0)
  }

const asksTheSpare: Proof = async (way, around) => {
  const { provider } = fails(overloaded)
  expect(JSON.stringify(await way.ask(around(provider, []), 'hi'))).toContain('from the spare')
}

const tells: Proof = async (way, around) => {
  for (const { provider } of [standIn(), fails(overloaded)]) {
    const seen: Seen = []
    await way.ask(around(provider, seen), 'a secret').catch(() => {})
    expect(seen.length, way.name).toBeGreaterThan(0)
    expect(seen.join()).not.toContain('secret')
  }
}

const asksOnce: Proof = async (way, around) => {
  const { provider, asked } = standIn()
  const outer = around(provider, [])
  await way.ask(outer, 'hi')
  await way.ask(outer, 'hi')
  expect(asked).toHaveLength(1)
}

const proofs: Record<PolicyName, Proof> = {
  batch: async (way, around) => {
    const outer = around(mockProvider(), [])
    const id = await outer.batches.submit(['a', 'b'])
    await expect.poll(async () => (await outer.batches.status(id)).state).toBe('ended')
    const texts: string[] = []
    for await (const { response } of outer.batches.results(id)) texts.push(response?.text ?? '')
    expect(texts, way.name).toEqual(['a', 'b'])
    await outer.batches.cancel(id)
  },
  breaker: async (way, around) => {
    const { provider, asked } = fails(overloaded)
    const outer = around(provider, [])
    expect(await failureOf(way.ask(outer, 'hi'))).toMatchObject({ code: 'overloaded' })
    expect(await failureOf(way.ask(outer, 'hi'))).toMatchObject({ code: 'circuit-open' })
    expect(asked).toHaveLength(1)
  },
  budget: refusesAtOnce('budget-exceeded', 'hi'),
  cache: asksOnce,
  cascade: asksTheSpare,
  compact: async (_, around) => {
    const { provider, asked } = standIn()
    await around(provider, []).chat(['First', 'Second', 'Third', 'Fourth', 'Fifth', 'Sixth'])
    expect(JSON.stringify(asked)).not.toContain('First')
    expect(JSON.stringify(asked)).toContain('Sixth')
  },
  fallback: asksTheSpare,
  guard: refusesAtOnce('content-filtered', 'how to make a bomb'),
  hedge: asksTheSpare,
  hooks: tells,
  learn: asksTheSpare,
  limit: async (way, around) => {
    const { provider, asked } = standIn()
    const outer = around(provider, [])
    await way.ask(outer, 'hi')
    expect(await failureOf(way.ask(outer, 'hi'))).toMatchObject({ code: 'rate-limited' })
    expect(asked).toHaveLength(1)
  },
  loadBalance: async (way) => {
    const both = [standIn({ name: 'one' }), standIn({ name: 'two' })] as const
    const outer = policies.loadBalance([both[0].provider, both[1].provider])
    await way.ask(outer, 'hi')
    await way.ask(outer, 'hi')
    expect(both.map(({ asked }) => asked.length)).toEqual([1, 1])
  },
  log: tells,
  mask: async (way, around) => {
    const { provider, asked } = standIn()
    const outer = around(provider, [])
    // A placeholder would be spoken.
    if (way.door === 'speak') {
      const error = await failureOf(way.ask(outer, 'Write to ann@example.com'))
      expect(error).toMatchObject({ code: 'invalid-request' })
      expect(asked).toHaveLength(0)
      return
    }
    // It asks for results of a batch that it has masked.
    if (way.door === 'batches') await outer.batches.submit(['Write to ann@example.com'])
    const answer = JSON.stringify((await way.ask(outer, 'Write to ann@example.com')) ?? null)
    expect(JSON.stringify(asked)).not.toContain('ann@example.com')
    if (way.door !== 'batches' || way.name === 'batches.submit')
      expect(JSON.stringify(asked)).toContain('[EMAIL_1]')
    if (answer.includes('echo')) expect(answer).toContain('ann@example.com')
    expect(answer).not.toContain('[EMAIL_1]')
  },
  priced: async (way, around) => {
    const { provider } = standIn()
    expect(((await way.ask(around(provider, []), 'hi')) as ChatResponse).cost).toBeGreaterThan(0)
  },
  record: async (way, around) => {
    const { provider } = standIn()
    const seen: Seen = []
    const key = `sk-ant-api03-${'x'.repeat(40)}`
    await way.ask(around(provider, seen), `the key ${key}`)
    const cassette = readFileSync(seen[0] as string, 'utf8')
    expect(JSON.parse(cassette).calls ?? JSON.parse(cassette)).not.toHaveLength(0)
    expect(cassette).not.toContain(key)
  },
  replay: async (way, around) => {
    const { provider, asked } = standIn()
    expect(await failureOf(way.ask(around(provider, []), 'hi'))).toMatchObject({ code: 'not-found' })
    expect(asked).toHaveLength(0)
  },
  route: async (way) => {
    const capabilities = { tools: false, image: false, speech: false }
    const cannot = mockProvider({ provider: 'cannot', capabilities })
    const can = mockProvider({ provider: 'can', answers: ['yes'] })
    const outer = policies.route([cannot, can])
    if (way.door === 'capabilities') expect(await way.ask(outer, 'hi')).toMatchObject({ tools: true })
    else if (way.door === 'image' || way.door === 'speak')
      expect(JSON.stringify(await way.ask(outer, 'hi'))).toContain('"can"')
    else
      expect(await outer.chat({ messages: 'hi', tools: [{ name: 't', input: {} }] })).toMatchObject({
        provider: 'can',
      })
  },
  semanticCache: asksOnce,
  trace: tells,
}

type Policies = typeof policies
type Exported = Exclude<
  {
    [Name in keyof Policies]: Policies[Name] extends (first: never, ...rest: never[]) => Provider
      ? Name
      : never
  }[keyof Policies],
  'pipe'
>
// A policy without a row does not compile.
const rows: Readonly<Record<Exported, policies.PolicyCoverage>> = coverage
const all = Object.entries(rows) as [PolicyName, Record<Operation, policies.Coverage>][]

it('has a row for each policy of the package, and no other', () => {
  const made = Object.entries(policies).flatMap(([name, value]) =>
    typeof value === 'function' && !/^[A-Z]/.test(name) ? [name] : [],
  )
  for (const name of Object.keys(coverage)) expect(made).toContain(name)
})

/** The table of the guide: a row for each policy, a column for each door. */
function table(): string {
  const columns: Operation[] = [
    'chat',
    'embed',
    'rerank',
    'transcribe',
    'image',
    'speak',
    'countTokens',
    'models',
    'capabilities',
    'batches',
  ]
  const sign = (stand: policies.Coverage) =>
    stand === 'applies' ? 'yes' : stand === 'nothing' ? '–' : 'refuses'
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [
    line(['', ...columns.map((door) => `\`${door}\``)]),
    line(['---', ...columns.map(() => '---')]),
    ...all.map(([name, row]) => line([`\`${name}\``, ...columns.map((door) => sign(row[door]))])),
  ].join('\n')
}

it('is shown in the README', () => {
  const guide = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  expect(guide).toContain(table())
})

describe.each(all)('%s', (name, row) => {
  it.each(walk(row))('%j at %s', async (stand, _, way) => {
    const seen: Seen = []
    if (stand === 'applies') return proofs[name](way, put[name])
    const { provider, asked, answers } = standIn()
    const outer = put[name](provider, seen)
    if (stand === 'nothing') {
      const options: CallOptions = { headers: { a: 'b' }, metadata: { key: 'k' }, retry: false }
      const input = 'as it is'
      expect(await way.ask(outer, input, options)).toEqual(answers.at(-1))
      expect(asked).toMatchObject([{ options }])
      expect(JSON.stringify(asked)).toContain(way.input(input))
      return
    }
    const error = await failureOf(way.ask(outer, 'hi'))
    expect(error).toMatchObject({ code: 'unsupported', message: stand.refuses })
    expect(error.message).toMatch(/\. (Put|Use|Submit|Ask) /)
    expect(asked).toHaveLength(0)
  })
})
