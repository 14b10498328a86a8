// Lifetime of the worker process: an idle worker does not keep its app alive, and no worker outlives its app.
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { app } from '../../test/app.js'
import { alive, temporaryFolder, waitUntil } from '../../test/fixtures.js'
import { writeRandomModel } from '../../test/random-model.js'

const random = () => JSON.stringify(writeRandomModel(join(temporaryFolder(), 'random.gguf')))
const options = '{ threads: 1, cacheDir: false }'

describe('an app', () => {
  it('that has its answer ends without close(), and so does its worker', async () => {
    const { nextLine, exitCode } = app(`
      const llm = local(${options})
      tell((await llm.chat('What is the capital of France?')).text)
      tell(llm.stats().pid)`)
    expect(await nextLine()).toBe('The capital of France is Paris.')
    const pid = Number(await nextLine())
    expect(await exitCode()).toBe(0)
    await waitUntil(() => !alive(pid))
  })

  it('stays alive for an answer, and close() ends the worker before it resolves', async () => {
    const { nextLine, exitCode } = app(`
      const llm = local(${options})
      const answer = llm.chat('What is the capital of France?')
      const closed = llm.close()
      tell((await answer).text)
      const { pid } = llm.stats()
      await closed
      let gone = false
      try { process.kill(pid, 0) } catch { gone = true }
      tell(gone)`)
    expect(await nextLine()).toBe('The capital of France is Paris.')
    expect(await nextLine()).toBe('true')
    expect(await exitCode()).toBe(0)
  })

  it('that aborts while its model loads can close it', async () => {
    const { nextLine, exitCode } = app(`
      const llm = local(${options})
      const stop = new AbortController()
      const onStatus = ({ type }) => { if (type === 'loading') setTimeout(() => stop.abort(), 20) }
      tell((await llm.chat('hi', { signal: stop.signal, onStatus }).catch((error) => error)).code)
      await llm.close()
      tell('closed')`)
    expect(await nextLine()).toBe('aborted')
    expect(await nextLine()).toBe('closed')
    expect(await exitCode()).toBe(0)
  })

  it.each([
    ['throws', 'throw new Error("expected by the test")', 1],
    ['calls process.exit', 'process.exit(3)', 3],
  ])('that %s in the middle of an answer leaves no worker', async (_, end, code) => {
    const { nextLine, exitCode } = app(`
      process.on('uncaughtException', () => process.exit(1))
      const llm = local(${random()}, ${options})
      for await (const text of llm.stream('talk').text) { tell(llm.stats().pid); ${end} }`)
    const pid = Number(await nextLine())
    expect(await exitCode()).toBe(code)
    await waitUntil(() => !alive(pid))
  })

  it.each([
    'SIGKILL',
    'SIGTERM',
  ] as const)('that dies of %s in the middle of an answer leaves no worker', async (signal) => {
    const {
      process: child,
      nextLine,
      exitCode,
    } = app(`
      const llm = local(${random()}, ${options})
      for await (const text of llm.stream('talk').text) tell(llm.stats().pid)`)
    const pid = Number(await nextLine())
    child.kill(signal)
    expect(await exitCode()).toBe(signal)
    await waitUntil(() => !alive(pid))
  })

  it('that dies while its worker is loading leaves no worker', async () => {
    const { process: child, nextLine } = app(`
      const llm = local(${options})
      void llm.chat('hi')
      const timer = setInterval(() => { if (llm.stats().pid) { tell(llm.stats().pid); clearInterval(timer) } }, 1)`)
    const pid = Number(await nextLine())
    child.kill('SIGKILL')
    await waitUntil(() => !alive(pid))
  })

  it('that dies while the main thread of its worker is deep in native code leaves no worker', async () => {
    const { process: child, nextLine } = app(`
      const llm = local(${options})
      await llm.chat('hi')
      tell(llm.stats().pid)
      const text = 'word '.repeat(1_000_000)
      const counts = Array.from({ length: 20 }, () => llm.countTokens(text, { retry: false }).catch(() => {}))
      // One is done: the worker is deep in the next, and eighteen more wait.
      await counts[0]
      tell('busy')
      await Promise.all(counts)`)
    const pid = Number(await nextLine())
    expect(await nextLine()).toBe('busy')
    const killed = performance.now()
    child.kill('SIGKILL')
    await waitUntil(() => !alive(pid))
    // What it was at would have taken some twenty seconds.
    expect(performance.now() - killed).toBeLessThan(8000)
  })
})
