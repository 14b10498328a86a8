// Order of calls: turns of callers, priorities, and the status events of waiting calls.
import { describe, expect, it } from 'vitest'
import { failureOf, open, openRandom, readFirstText, waitUntil } from '../../test/fixtures.js'

const question = 'What is the capital of France?'

describe('callers', () => {
  it('take turns, however many calls each has waiting, and keep their own order', async () => {
    const one = open({ parallel: 1 })
    const other = one.share()
    const done: string[] = []
    const ask = async (name: string, llm = one, local = {}) => {
      await llm.chat({ messages: question, providerOptions: { local } })
      done.push(name)
    }
    await ask('first')
    await ask('other', other)
    const calls = [
      ...['a1', 'a2', 'a3', 'a4'].map((name) => ask(name)),
      ...['b1', 'b2'].map((name) => ask(name, other)),
      ...['c1', 'c2'].map((name) => ask(name, one, { caller: 'c' })),
    ]
    await Promise.all(calls)
    // The first of them finds a free sequence.
    expect(done).toEqual(['first', 'other', 'a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'c2', 'a4'])
    await other.close()
  })

  it('of a higher priority go first', async () => {
    const llm = open({ parallel: 1 })
    const done: string[] = []
    const ask = async (priority: string) => {
      await llm.chat({ messages: question, providerOptions: { local: { priority } } })
      done.push(priority)
    }
    await Promise.all(['normal', 'low', 'normal', 'high', 'high'].map(ask))
    // The first of them finds a free sequence.
    expect(done).toEqual(['normal', 'high', 'high', 'normal', 'low'])
  })

  it.each([
    [{ prority: 'high' }, /prority is not an option of providerOptions.local. Did you mean priority/],
    [{ priority: 'urgent' }, /must be one of high, normal, low, not urgent/],
  ])('get an error for invalid options: %j', async (local, message) => {
    const request = { messages: question, providerOptions: { local } }
    const error = await failureOf(open().chat(request))
    expect(error).toMatchObject({ code: 'invalid-request', retryable: false })
    expect(error.message).toMatch(message)
  })
})

describe('waiting calls', () => {
  it('get a status event for each change of their position', async () => {
    const llm = openRandom({}, { parallel: 1 })
    const busy = llm.stream('talk')
    await readFirstText(busy)
    const controller = new AbortController()
    const statuses: Record<string, number[]> = { first: [], second: [], third: [] }
    const ask = (name: string, signal?: AbortSignal) =>
      llm.chat(
        { messages: 'hi', maxOutputTokens: 2 },
        {
          ...(signal && { signal }),
          onStatus: (status) => status.type === 'queued' && statuses[name]?.push(status.position),
        },
      )
    const [first, ...others] = [ask('first', controller.signal), ask('second'), ask('third')]
    await waitUntil(() => statuses.third?.length === 1)
    controller.abort()
    await failureOf(first as Promise<unknown>)
    await waitUntil(() => statuses.third?.length === 2)
    busy.abort()
    await failureOf(busy.response())
    await Promise.all(others)
    expect(statuses).toEqual({ first: [1], second: [2, 1], third: [3, 2, 1] })
  })

  it('get a status event when the process dies, and run in the next one', async () => {
    const llm = openRandom({}, { parallel: 1 })
    const busy = llm.stream('talk')
    await readFirstText(busy)
    const statuses: string[] = []
    const waiting = llm.chat(
      { messages: 'hi', maxOutputTokens: 2 },
      { onStatus: (status) => statuses.push(status.type === 'restarting' ? status.reason : status.type) },
    )
    await waitUntil(() => statuses.includes('queued'))
    process.kill(llm.stats().pid ?? 0, 'SIGKILL')
    expect(await failureOf(busy.response())).toMatchObject({ code: 'worker-crashed' })
    expect((await waiting).usage.outputTokens).toBe(2)
    expect(statuses.slice(0, 2)).toEqual(['queued', expect.stringContaining('died of SIGKILL')])
    expect(statuses).toContain('loading')
    expect(llm.stats().restarts).toBe(1)
  })
})

describe('statistics', () => {
  it('count tokens, times and finished jobs', async () => {
    const llm = open({ parallel: 1 })
    const answers = await Promise.all([1, 2, 3].map(() => llm.chat(question)))
    const sum = (key: 'inputTokens' | 'cachedInputTokens' | 'outputTokens') =>
      answers.reduce((total, { usage }) => total + (usage[key] ?? 0), 0)
    const { tokens, tokensPerSecond, waitMs, finished, unloads } = llm.stats()
    expect(tokens).toEqual({
      prompt: sum('inputTokens'),
      cached: sum('cachedInputTokens'),
      output: sum('outputTokens'),
    })
    expect(tokens.cached).toBeGreaterThan(0)
    expect(tokensPerSecond.prompt).toBeGreaterThan(0)
    expect(tokensPerSecond.decode).toBeGreaterThan(0)
    expect(waitMs.longest).toBeGreaterThanOrEqual(waitMs.mean)
    expect(waitMs.mean).toBeGreaterThan(0)
    expect({ finished, unloads }).toEqual({ finished: 3, unloads: 0 })
  })
})
