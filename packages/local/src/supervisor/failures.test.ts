// Failures of the worker: processes that cannot start, die at once or freeze, messages that cannot be sent, callbacks that
// throw. Each call fails with a typed error, the app goes on, and the next call may work.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../test/app.js'
import {
  alive,
  failureOf,
  open,
  openRandom,
  readFirstText,
  temporaryFolder,
  waitUntil,
} from '../../test/fixtures.js'

const question = 'What is the capital of France?'
const { execPath } = process

afterEach(() => {
  process.execPath = execPath
  vi.unstubAllEnvs()
})

/** A file that may not be run. */
function plainFile(): string {
  const path = join(temporaryFolder(), 'node')
  writeFileSync(path, 'not a program')
  return path
}

describe('a process that cannot be started', () => {
  it.each<[string, RegExp, () => void]>([
    ['because of a large environment', /E2BIG.*variables/, () => vi.stubEnv('LARGE', 'x'.repeat(5_000_000))],
    [
      'because the program is missing',
      /ENOENT.*Start the app again/,
      () => void (process.execPath = '/nowhere/node'),
    ],
    ['because it may not be run', /EACCES.*may not run/, () => void (process.execPath = plainFile())],
  ])('%s fails the calls, and not the app', async (_, message, arrange) => {
    const provider = open()
    arrange()
    const calls = [provider.chat(question), provider.countTokens(question), provider.embed('hi')]
    for (const error of await Promise.all(calls.map(failureOf)))
      expect(error).toMatchObject({
        code: 'worker-crashed',
        retryable: false,
        message: expect.stringMatching(message),
      })
    expect(provider.stats()).toMatchObject({ queued: 0, running: 0, restarts: 0, pid: undefined })
    process.execPath = execPath
    vi.unstubAllEnvs()
    expect((await provider.chat(question)).text).toContain('Paris')
  })

  it.skipIf(process.platform !== 'linux')(
    'because too many files are open fails the calls, and not the app',
    async () => {
      const { nextLine, exitCode } = app(`
      import { closeSync, openSync } from 'node:fs'
      import { execFileSync } from 'node:child_process'
      const llm = local({ threads: 1, cacheDir: false })
      const limit = (files) => execFileSync('prlimit', ['--pid', String(process.pid), '--nofile=' + files + ':'])
      limit(64)
      const files = []
      try { for (;;) files.push(openSync('/dev/null')) } catch {}
      // One is enough to look at the model, and too little for the pipes of a process.
      closeSync(files.pop())
      await llm.chat('hi').catch(({ code, retryable, message }) => tell([code, retryable, message].join(' ')))
      for (const file of files) closeSync(file)
      limit(1024)
      tell((await llm.chat(${JSON.stringify(question)})).text)
      await llm.close()`)
      expect(await nextLine()).toMatch(/^worker-crashed true .*EMFILE.*ulimit -n/)
      expect(await nextLine()).toContain('Paris')
      expect(await exitCode()).toBe(0)
    },
  )
})

describe('a process that dies at once', () => {
  it('fails its calls with its error output, and the next call works', async () => {
    vi.stubEnv('NODE_OPTIONS', '--require /nowhere/hook.cjs')
    const provider = open()
    const error = await failureOf(provider.chat(question))
    expect(error).toMatchObject({ code: 'worker-crashed', retryable: true })
    expect(error.message).toContain('/nowhere/hook.cjs')
    vi.unstubAllEnvs()
    expect((await provider.chat(question)).text).toContain('Paris')
  })
})

describe('a request that is not JSON', () => {
  const circular: Record<string, unknown> = {}
  circular.self = circular
  const history = (input: unknown) => [
    question,
    { role: 'assistant' as const, content: [{ type: 'tool-call' as const, id: 'a', name: 'b', input }] },
    { role: 'tool' as const, content: [{ type: 'tool-result' as const, id: 'a', output: 'c' }] },
  ]

  it.each<[string, unknown]>([
    ['a large number', { count: 10n }],
    ['a circular value', circular],
    [
      'a toJSON that throws',
      {
        toJSON() {
          throw new Error('no')
        },
      },
    ],
  ])('(%s) is refused, alone and behind other calls', async (_, input) => {
    const provider = openRandom({}, { parallel: 1 })
    expect(await failureOf(provider.chat(history(input)))).toMatchObject({ code: 'invalid-request' })
    expect(await failureOf(provider.countTokens(history(input)))).toMatchObject({ code: 'invalid-request' })
    // It is its turn while the end of another call is dealt with.
    const busy = provider.stream('talk')
    await readFirstText(busy)
    const waiting = failureOf(provider.chat(history(input)))
    const after = provider.chat({ messages: 'hi', maxOutputTokens: 2 })
    busy.abort()
    await failureOf(busy.response())
    expect(await waiting).toMatchObject({ code: 'invalid-request' })
    expect((await after).usage.outputTokens).toBe(2)
    expect(provider.stats()).toMatchObject({ queued: 0, running: 0, restarts: 0 })
  })
})

describe('a callback that throws', () => {
  it.each<[string, () => void]>([
    [
      'at once',
      () => {
        throw new Error('of the app')
      },
    ],
    ['later', () => Promise.reject(new Error('of the app'))],
  ])('%s does not affect the engine’s log', async (_, fails) => {
    const onLog = vi.fn(fails)
    // More than it was trained for: the engine warns.
    const provider = open({ context: 8192, onLog })
    expect((await provider.chat(question)).text).toContain('Paris')
    expect(onLog).toHaveBeenCalled()
  })

  it('ends its own call, which never runs', async () => {
    const provider = open({ parallel: 1 })
    const onStatus = () => {
      throw new Error('of the app')
    }
    expect(await failureOf(provider.chat(question, { onStatus }))).toMatchObject({ code: 'aborted' })
    expect((await provider.chat(question)).text).toContain('Paris')
    expect(provider.stats()).toMatchObject({ finished: 1, running: 0, queued: 0 })
  })
})

describe('a process that is frozen', () => {
  /** A provider whose loaded worker is stopped. */
  async function frozen(options: object = {}) {
    const provider = open(options)
    await provider.chat(question)
    const { pid = 0 } = provider.stats()
    process.kill(pid, 'SIGSTOP')
    return { provider, pid }
  }

  it('is replaced, and its calls fail with typed errors', async () => {
    const { provider, pid } = await frozen({ heartbeat: 400 })
    const calls = [
      provider.chat(question),
      provider.countTokens(question),
      provider.embed('hi'),
      provider.rerank({ query: 'a', documents: ['b'] }),
    ]
    for (const error of await Promise.all(calls.map(failureOf)))
      expect(error).toMatchObject({
        code: 'worker-crashed',
        message: expect.stringContaining('stopped answering'),
      })
    await waitUntil(() => !alive(pid))
    expect((await provider.chat(question)).text).toContain('Paris')
    expect(provider.stats()).toMatchObject({ restarts: 1 })
  })

  it('does not delay calls beyond their time limit', async () => {
    const { provider, pid } = await frozen()
    const limit = { timeout: 50 }
    const calls = [provider.chat(question, limit), provider.countTokens(question, limit)]
    for (const error of await Promise.all(calls.map(failureOf))) expect(error.code).toBe('timeout')
    process.kill(pid, 'SIGCONT')
    expect((await provider.chat(question)).text).toContain('Paris')
  })

  it('while it loads does not delay calls beyond their time limit, and close() ends it', async () => {
    const provider = open()
    const call = failureOf(provider.countTokens(question, { timeout: 1000 }))
    await waitUntil(() => provider.stats().pid !== undefined)
    const { pid = 0 } = provider.stats()
    process.kill(pid, 'SIGSTOP')
    expect(await call).toMatchObject({ code: 'timeout' })
    await provider.close()
    expect(alive(pid)).toBe(false)
  })

  it('is ended by close()', async () => {
    const { provider, pid } = await frozen()
    await provider.close()
    expect(alive(pid)).toBe(false)
  })

  it('does not keep the app alive, and does not outlive it, while it is idle or being unloaded', async () => {
    for (const keepAlive of ['-1', '50ms']) {
      // Unloading may take a minute where prefixes are saved.
      const { nextLine, exitCode } = app(`
        const llm = local({ threads: 1, cacheDir: ${JSON.stringify(temporaryFolder())}, keepPrefixes: true, keepAlive: '${keepAlive}' })
        await llm.chat('hi')
        const { pid } = llm.stats()
        process.kill(pid, 'SIGSTOP')
        tell(pid)
        await new Promise((resolve) => setTimeout(resolve, 200))
        tell(llm.stats().unloads)`)
      const pid = Number(await nextLine())
      expect(await nextLine()).toBe(keepAlive === '-1' ? '0' : '1')
      expect(await exitCode()).toBe(0)
      await waitUntil(() => !alive(pid))
    }
  })
})

it.skipIf(process.platform === 'win32')(
  'a pipe in place of a model is an error, and is not opened',
  async () => {
    const path = join(temporaryFolder(), 'pipe.gguf')
    execFileSync('mkfifo', [path])
    expect(await failureOf(open({ model: path }).chat(question))).toMatchObject({
      code: 'model-load',
      message: expect.stringContaining('is not a file'),
    })
  },
)
