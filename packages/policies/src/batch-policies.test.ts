// Policies and batches: masking, checks, accounting and reporting of their requests and results.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BatchResult, isLlmError } from '@patchbay/core'
import { fakeClock } from '@patchbay/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { failureOf } from '../test/failure.js'
import { standIn } from '../test/operations.js'
import * as policies from './index.js'

const folder = mkdtempSync(join(tmpdir(), 'patchbay-batches-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('batches', () => {
  async function read(results: AsyncIterable<BatchResult>) {
    const all: string[] = []
    for await (const { response, error } of results) all.push(response?.text ?? error?.code ?? '')
    return all
  }

  it('are masked, and their results restored, also by another process that shares the state', async () => {
    const state = policies.memoryState()
    const { provider, asked } = standIn()
    const id = await policies
      .mask(provider, { state })
      .batches.submit(['Call ann@example.com', 'Nothing', 'Call bob@example.com and ann@example.com'])
    expect(JSON.stringify(asked)).not.toMatch(/ann|bob/)
    expect(await read(policies.mask(provider, { state }).batches.results(id))).toEqual([
      'echo: Call ann@example.com',
      'echo: Nothing',
      'echo: Call bob@example.com and ann@example.com',
    ])
    const stranger = policies.mask(provider)
    const error = await read(stranger.batches.results(id)).catch((thrown) => thrown)
    expect(isLlmError(error, 'unsupported') && error.message).toMatch(/state/)
  })

  it('are not submitted again if the state of a mask fails: the error has the id', async () => {
    const gone = {
      get: async () => undefined,
      swap: async () => {
        throw new Error('ECONNREFUSED')
      },
    }
    const { provider, asked } = standIn()
    const error = await failureOf(policies.mask(provider, { state: gone }).batches.submit(['a@b.co']))
    expect(error).toMatchObject({
      code: 'network',
      retryable: false,
      message: expect.stringContaining('batch-1'),
    })
    expect(asked).toHaveLength(1)
  })

  it('whose answers a guard refuses become errors of their own', async () => {
    const { provider } = standIn()
    const outer = policies.guard(provider, { output: policies.denied(['bomb']) })
    const id = await outer.batches.submit(['a flower', 'a bomb'])
    expect(await read(outer.batches.results(id))).toEqual(['echo: a flower', 'content-filtered'])
  })

  it('are counted by estimate at submission, and corrected once by their actual cost', async () => {
    const { provider } = standIn()
    const outer = policies.budget(provider, { limits: [{ per: 'day', tokens: 1000 }] })
    const requests = ['one', 'two'].map((messages) => ({ messages, maxOutputTokens: 100 }))
    const spent = async () => (await outer.spending())[0]?.spent.tokens
    const id = await outer.batches.submit(requests)
    expect(await spent()).toBeGreaterThan(200)
    await read(outer.batches.results(id))
    expect(await spent()).toBe(14)
    await read(outer.batches.results(id))
    expect(await spent()).toBe(14)
    const large = requests.map((request) => ({ ...request, maxOutputTokens: 600 }))
    expect(await failureOf(outer.batches.submit(large))).toMatchObject({ code: 'budget-exceeded' })
  })

  it('are logged and traced by their id and size', async () => {
    const { provider } = standIn()
    const lines: Record<string, unknown>[] = []
    const write = (fields: object) => lines.push(fields as Record<string, unknown>)
    const outer = policies.log(provider, { logger: { info: write, warn: write, error: write } })
    const id = await outer.batches.submit(['one', 'two'])
    await read(outer.batches.results(id))
    expect(lines).toMatchObject([
      { call: 'batches.submit', requests: 2, batch: id },
      { call: 'batches.results', batch: id, answered: 2, failed: 0, inputTokens: 6, outputTokens: 8 },
    ])
  })

  it('end by the time limit although their reader stopped, and the provider can close', async () => {
    const clock = fakeClock()
    const ends: string[] = []
    const llm = policies.hooks(standIn().provider, {
      onError: ({ kind, error }) => void ends.push(`${kind} ${error.code}`),
      clock,
    })
    const id = await llm.batches.submit(['one', 'two'])
    const results = llm.batches.results(id, { timeout: 300 })[Symbol.asyncIterator]()
    await results.next()
    const closing = llm.close()
    await clock.advance(300)
    await closing
    expect(ends).toEqual(['batches.results timeout'])
    expect(await failureOf(Promise.resolve(results.next()))).toMatchObject({ code: 'timeout' })
  })
})
