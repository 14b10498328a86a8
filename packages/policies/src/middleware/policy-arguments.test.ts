// Arguments of policy functions: both forms are the same policy, and an unknown option is refused with the nearest name.
import { LlmError, type Provider } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { lettersEmbedder } from '../../test/letters.js'
import * as policies from '../index.js'
import { coverage, type PolicyName } from './policy-coverage.js'

const provider = mockProvider()
const embedder = lettersEmbedder()

/** What a policy is called with: a JavaScript app has no compiler that refuses the rest. */
type Call = (options: object) => unknown
const loose = (policy: unknown) => policy as (...args: unknown[]) => unknown
const exported = new Map<string, unknown>(Object.entries(policies))

const lists: Partial<Record<PolicyName, [wrong: string, right: string]>> = {
  fallback: ['wehn', 'when'],
  loadBalance: ['weight', 'weights'],
  route: ['price', 'prices'],
  hedge: ['delya', 'delay'],
  cascade: ['acept', 'accept'],
  learn: ['rewards', 'reward'],
}
const single: Partial<Record<PolicyName, [wrong: string, right: string, required?: object]>> = {
  batch: ['concurency', 'concurrency'],
  breaker: ['failure', 'failures'],
  budget: ['limit', 'limits', { limits: [{ per: 'run', tokens: 1 }] }],
  cache: ['stor', 'store'],
  compact: ['keeps', 'keep'],
  guard: ['inputs', 'input', { input: () => undefined }],
  hooks: ['onFinis', 'onFinish', { onStart: () => {} }],
  limit: ['concurency', 'concurrency'],
  log: ['loger', 'logger'],
  mask: ['finds', 'find'],
  record: ['files', 'file', { file: 'x.json' }],
  replay: ['unrecorde', 'unrecorded', { file: 'x.json' }],
  semanticCache: ['treshold', 'threshold', { embedder }],
  trace: ['contents', 'content'],
}

function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('Nothing was thrown.')
}

describe('an unknown option', () => {
  const calls: [name: string, wrong: string, right: string, call: Call][] = [
    ...Object.entries(lists).map(([name, [wrong, right]]): [string, string, string, Call] => [
      name,
      wrong,
      right,
      (options) => loose(exported.get(name))([provider], options),
    ]),
    ...Object.entries(single).flatMap(([name, [wrong, right, required]]) => {
      const policy = loose(exported.get(name))
      const direct: Call = (options) => policy(provider, { ...required, ...options })
      const curried: Call = (options) => policy({ ...required, ...options })
      return [direct, curried].map((call): [string, string, string, Call] => [name, wrong, right, call])
    }),
  ]

  it.each(calls)('of %s is refused with the nearest name: %s, not %s', (name, wrong, right, call) => {
    const error = thrownBy(() => call({ [wrong]: 1 }))
    expect(error).toBeInstanceOf(LlmError)
    expect(error).toMatchObject({
      code: 'config',
      message: `${wrong} is not an option of ${name}(). Did you mean ${right}?`,
    })
  })

  it('that is like no other is refused with all names', () => {
    expect(thrownBy(() => loose(policies.log)(provider, { somethingElse: 1 }))).toMatchObject({
      message: 'somethingElse is not an option of log(). The options are logger, fields, clock.',
    })
  })

  it('of each policy is covered here', () => {
    const known = Object.keys({ ...lists, ...single, priced: true }).sort()
    expect(known).toEqual(Object.keys(coverage).sort())
  })
})

describe('a policy without its provider', () => {
  it.each(Object.entries(single))('%s, applied later, is the same provider', async (name, [, , required]) => {
    const policy = loose(exported.get(name))
    const apply = policy(required) as (inner: Provider) => Provider
    const inner = mockProvider({ provider: 'inner', model: 'm' })
    expect(apply(inner)).toMatchObject({ provider: 'inner', model: 'm' })
    expect(Object.getPrototypeOf(apply(inner))).toBe(Object.getPrototypeOf(policy(inner, required)))
  })

  it('fits into pipe, the last one outermost', async () => {
    const lines: object[] = []
    const logger = { info: (line: object) => lines.push(line), warn() {}, error() {} }
    const llm = policies.pipe(
      mockProvider({ model: 'my-model', answers: ['one', 'two'] }),
      policies.priced({ 'my-model': { input: 1, output: 1 } }),
      policies.limit({ concurrency: 1 }),
      policies.cache(),
      policies.log({ logger }),
    )
    expect((await llm.chat('Hello')).cost).toBeGreaterThan(0)
    expect(await llm.chat('Hello')).toMatchObject({ text: 'one', cached: 'exact', cost: 0 })
    expect(lines).toMatchObject([{ cached: false }, { cached: 'exact' }])
  })

  it.each([
    ['a name', 'claude'],
    ['null', null],
    ['something else, with options', undefined],
  ])('is refused with the right form for %s', (_, first) => {
    const error = thrownBy(() => loose(policies.limit)(first, first === 'claude' ? undefined : { queue: 1 }))
    expect(error).toMatchObject({
      code: 'config',
      message: expect.stringContaining('pipe(provider, limit(options))'),
    })
  })

  it('refuses to be applied to what is not a provider', () => {
    const apply = loose(policies.limit({ queue: 1 }))
    expect(thrownBy(() => apply('claude'))).toMatchObject({
      code: 'config',
      message: expect.stringMatching(/not "claude"/),
    })
  })
})
