// Statistics, leaks and option checks of a local provider.
import { mkdirSync, symlinkSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  failureOf,
  open,
  openRandom,
  readFirstText,
  temporaryFolder,
  waitUntil,
} from '../../test/fixtures.js'
import { local } from '../index.js'

const question = 'What is the capital of France?'

describe('restarts', () => {
  it('count an idle process that died, once it is replaced', async () => {
    const provider = open()
    await provider.chat(question)
    for (let killed = 1; killed <= 2; killed++) {
      process.kill(provider.stats().pid ?? 0, 'SIGKILL')
      await waitUntil(() => provider.stats().pid === undefined)
      expect(provider.stats()).toMatchObject({ restarts: killed - 1, loaded: undefined })
      await provider.chat(question)
      expect(provider.stats()).toMatchObject({ restarts: killed, unloads: 0 })
    }
  })

  it('do not count a process that was unloaded', async () => {
    const provider = open({ keepAlive: '1ms' })
    for (let round = 1; round <= 2; round++) {
      await provider.chat(question)
      await waitUntil(() => provider.stats().pid === undefined)
      expect(provider.stats()).toMatchObject({ restarts: 0, unloads: round })
    }
  })
})

describe('the other statistics', () => {
  it('count what was done', async () => {
    const provider = openRandom({}, { parallel: 1 })
    const talk = { messages: 'talk', maxOutputTokens: 7 }
    const first = await provider.chat(talk)
    const second = await provider.chat(talk)
    expect(provider.stats()).toMatchObject({
      finished: 2,
      queued: 0,
      running: 0,
      tokens: {
        prompt: (first.usage.inputTokens ?? 0) + (second.usage.inputTokens ?? 0),
        cached: second.usage.cachedInputTokens,
        output: 14,
      },
    })
    // A job that is dropped from the queue never runs.
    const busy = provider.stream('talk')
    await readFirstText(busy)
    const gone = failureOf(provider.chat('never', { timeout: 1 }))
    expect((await gone).code).toBe('timeout')
    expect(provider.stats()).toMatchObject({ finished: 2, running: 1, queued: 0 })
    busy.abort()
    await failureOf(busy.response())
    await waitUntil(() => provider.stats().running === 0)
    expect(provider.stats().finished).toBe(3)
  })
})

describe('memory, processes and listeners do not grow', () => {
  it('with handles that are shared and closed, once or twice each', async () => {
    const warned = vi.fn()
    process.on('warning', warned)
    onTestFinished(() => void process.off('warning', warned))
    const provider = open()
    await provider.chat(question)
    const { pid } = provider.stats()
    const share = async (count: number) => {
      for (let at = 0; at < count; at++) {
        const handle = provider.share()
        if (at % 100 === 0) await handle.chat(question)
        await handle.close()
        await handle.close()
      }
      return heap()
    }
    await share(500)
    const [once, fourTimes] = [await share(1000), await share(4000)]
    expect(fourTimes - once).toBeLessThan(2)
    expect(provider.stats()).toMatchObject({ pid, handles: 1, queued: 0, running: 0, restarts: 0 })
    expect(warned).not.toHaveBeenCalled()
  })

  it('with workers that are made and closed', async () => {
    const before = process.listenerCount('exit')
    for (let round = 0; round < 6; round++) {
      const provider = open()
      // Calls that give up while the model is loading leave nothing behind either.
      const calls = [provider.countTokens(question, { timeout: 1 }), provider.chat(question, { timeout: 1 })]
      for (const error of await Promise.all(calls.map(failureOf))) expect(error.code).toBe('timeout')
      await provider.close()
      expect(provider.stats()).toMatchObject({ queued: 0, running: 0, handles: 0, pid: undefined })
    }
    expect(process.listenerCount('exit')).toBe(before)
  })

  it('with calls on one signal', async () => {
    const warned = vi.fn()
    process.on('warning', warned)
    onTestFinished(() => void process.off('warning', warned))
    const provider = open({ queue: 100 })
    const { signal } = new AbortController()
    for (let round = 0; round < 3; round++) {
      const calls = Array.from({ length: 8 }, () => provider.chat(question, { signal }))
      await Promise.all(calls)
      await provider.countTokens(question, { signal })
    }
    expect(provider.stats()).toMatchObject({ finished: 24, queued: 0, running: 0 })
    expect(warned).not.toHaveBeenCalled()
  })
})

describe('invalid options', () => {
  it.each<[string, unknown]>([
    ['model', 5],
    ['model', ''],
    ['model', 'a\0b'],
    ['queue', Number.POSITIVE_INFINITY],
    ['queue', -1],
    ['whenFull', 'maybe'],
    ['parallel', 0],
    ['parallel', '4'],
    ['context', 7],
    ['gpu', true],
    ['threads', 1.5],
    ['cacheDir', true],
    ['cacheDir', ''],
    ['gpuLayers', Number.NaN],
    ['adapters', 'a.gguf'],
    ['adapters', [{ path: 7 }]],
    ['adapters', [{ path: 'a.gguf', scale: Number.NaN }]],
    ['adapters', [null]],
    ['keepAlive', 'soon'],
    ['keepAlive', {}],
    ['memoryBudget', 0],
    ['memoryLimit', '1 GB'],
    ['keepPrefixes', 'yes'],
    ['chatTemplate', 7],
    ['heartbeat', 0],
    ['onLog', 'console'],
  ])('are named in the error: %s %j', (name, value) => {
    expect(() => local({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'config', provider: 'local', message: expect.stringContaining(name) }),
    )
  })

  it('that are no object are refused', () => {
    for (const options of [null, 7] as never[])
      expect(() => local(options)).toThrow(expect.objectContaining({ code: 'config' }))
  })
})

it('a relative path is resolved when the provider is made', async () => {
  const pico = fileURLToPath(new URL('../../models/pico.gguf', import.meta.url))
  const provider = open({ model: relative(process.cwd(), pico) })
  const dir = temporaryFolder()
  mkdirSync(`${dir}/elsewhere`)
  symlinkSync(pico, `${dir}/linked.gguf`)
  vi.spyOn(process, 'cwd').mockReturnValue(dir)
  onTestFinished(() => void vi.restoreAllMocks())
  const other = open({ model: './linked.gguf' })
  vi.spyOn(process, 'cwd').mockReturnValue(`${dir}/elsewhere`)
  for (const llm of [provider, other])
    expect((await llm.chat({ messages: 'hi', temperature: 0 })).text).not.toBe('')
  expect(other.model).toBe('linked')
})

/** Heap in use after a garbage collection, in megabytes. */
function heap(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed / 1e6
}
