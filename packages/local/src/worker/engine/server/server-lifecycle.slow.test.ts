// Life of the llama-server engine, with a stand-in for the server that fails on demand: each failure is a typed error, the app
// goes on, and no server outlives its worker.
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../../../test/app.js'
import {
  alive,
  failureOf,
  open,
  readFirstText,
  temporaryFolder,
  waitUntil,
} from '../../../../test/fixtures.js'
import type { LocalOptions, LocalProvider } from '../../../index.js'

const server = fileURLToPath(new URL('../../../../test/fake-llama-server.mjs', import.meta.url))

afterEach(() => vi.unstubAllEnvs())

/** A provider with the stand-in, and the process ids of all servers that it has started. */
function openFake(
  kind = 'none',
  options: LocalOptions = {},
): { llm: LocalProvider; servers: () => number[] } {
  const log = join(temporaryFolder(), 'servers')
  vi.stubEnv('PATCHBAY_FAKE_LOG', log)
  writeFileSync(log, '')
  const llm = open({ engine: 'llama-server', server, serverArgs: ['--fake', kind], ...options })
  const servers = () => [...readFileSync(log, 'utf8').matchAll(/^\d+/gm)].map(([pid]) => Number(pid))
  return { llm, servers }
}

/** The folders that the servers of the log have been given. */
function foldersOf(): string[] {
  const log = readFileSync(process.env.PATCHBAY_FAKE_LOG as string, 'utf8')
  return [...log.matchAll(/--slot-save-path (\S+)/g)].map(([, folder = '']) => folder)
}

describe('a program that is not there', () => {
  it('is an error that says how to get it', async () => {
    const llm = open({ engine: 'llama-server', server: '/nowhere/llama-server' })
    const error = await failureOf(llm.chat('hi'))
    expect(error.code).toBe('model-load')
    expect(error.message).toMatch(
      /\/nowhere\/llama-server was not found\. Install llama\.cpp.*PATCHBAY_LLAMA_SERVER/,
    )
    expect(alive(process.pid)).toBe(true)
  })

  it('is looked for on the path, and in the environment first', async () => {
    vi.stubEnv('PATCHBAY_LLAMA_SERVER', '')
    vi.stubEnv('PATH', `${temporaryFolder()}:/usr/bin:/bin`)
    expect((await failureOf(open({ engine: 'llama-server' }).chat('hi'))).message).toContain(
      'The program llama-server was not found',
    )
    vi.stubEnv('PATCHBAY_LLAMA_SERVER', '/nowhere/other')
    expect((await failureOf(open({ engine: 'llama-server' }).chat('hi'))).message).toContain('/nowhere/other')
  })

  it('and one that may not be run are told apart', async () => {
    const plain = join(temporaryFolder(), 'llama-server')
    writeFileSync(plain, 'no program')
    chmodSync(plain, 0o600)
    expect((await failureOf(open({ engine: 'llama-server', server: plain }).chat('hi'))).message).toContain(
      'EACCES',
    )
  })
})

describe('a server that does not load its model', () => {
  it('because it refuses it is an error with its words, and leaves no process', async () => {
    const { llm, servers } = openFake('refuses')
    const error = await failureOf(llm.chat('hi'))
    expect(error.code).toBe('model-load')
    expect(error.message).toMatch(
      /llama-server exited with code 1 while loading its model: .*wrong tensor shape/,
    )
    expect(servers()).not.toEqual([])
    await waitUntil(() => servers().every((pid) => !alive(pid)))
  })

  it('because it dies is replaced, and waiting calls are answered', async () => {
    const { llm, servers } = openFake('dies-loading-once')
    expect((await llm.chat({ messages: 'hi', maxOutputTokens: 3 })).text).toHaveLength(3)
    expect(servers()).toHaveLength(2)
    expect(llm.stats().restarts).toBe(1)
  })

  it('because it dies each time fails the calls in the end, and leaves no process', async () => {
    const { llm, servers } = openFake('dies-loading')
    const error = await failureOf(llm.chat('hi'))
    expect(error.code).toBe('worker-crashed')
    expect(error.message).toContain('llama-server died of SIGSEGV')
    expect(servers().length).toBeGreaterThanOrEqual(5)
    await waitUntil(() => servers().every((pid) => !alive(pid)))
  })

  it('for a long time can be closed', async () => {
    const { llm, servers } = openFake('loads-for-ever')
    const stop = new AbortController()
    const call = failureOf(llm.chat('hi', { signal: stop.signal }))
    await waitUntil(() => servers().length === 1)
    stop.abort()
    expect((await call).code).toBe('aborted')
    await llm.close()
    await waitUntil(() => servers().every((pid) => !alive(pid)))
  })
})

describe('a server that answers badly', () => {
  it.each([
    ['garbage', /answered with something else than JSON: <html>/],
    ['refuses-requests', /refused the request: no slot today/],
    ['error-in-answer', /refused the request: the cache is full/],
    ['breaks-off', /The connection to llama-server broke/],
  ])('(%s) fails the call, and is still there for the next one', async (kind, message) => {
    const { llm, servers } = openFake(kind)
    for (const _ of [1, 2])
      expect(await failureOf(llm.chat('hi'))).toMatchObject({
        code: 'inference',
        message: expect.stringMatching(message),
      })
    expect(servers()).toHaveLength(1)
    expect(llm.stats()).toMatchObject({ running: 0, restarts: 0 })
  })
})

it('a server that sends text without its tokens is read all the same', async () => {
  const { llm } = openFake('no-tokens')
  expect((await llm.chat({ messages: 'hi', maxOutputTokens: 3 })).text).toBe('aaa')
})

describe('a server that dies in the middle of an answer', () => {
  it('fails the running calls with their text so far, and the waiting ones get a new one', async () => {
    const { llm, servers } = openFake('dies', { parallel: 1 })
    const running = failureOf(llm.chat({ messages: 'hi', maxOutputTokens: 1000 }))
    const waiting = llm.chat({ messages: 'hi', maxOutputTokens: 3 })
    const error = await running
    expect(error).toMatchObject({ code: 'worker-crashed', retryable: true })
    expect(error.message).toContain('llama-server died of SIGKILL')
    expect(error.partial?.text).toMatch(/^b+$/)
    expect((await waiting).text).toBe('bbb')
    expect(servers()).toHaveLength(2)
    expect(llm.stats().restarts).toBe(1)
  })
})

describe('a server that hangs', () => {
  it.skipIf(process.platform === 'win32')('is replaced with its worker', async () => {
    const { llm, servers } = openFake('hangs', { heartbeat: 2000 })
    const error = await failureOf(llm.chat({ messages: 'hi', maxOutputTokens: 1000 }))
    expect(error).toMatchObject({ code: 'worker-crashed' })
    expect(error.message).toContain('stopped answering and was ended while working')
    await waitUntil(() => servers().every((pid) => !alive(pid)))
  })
})

it('kills of workers and servers under load end every call in a response or one typed error, and leave no process', {
  timeout: 240_000,
}, async () => {
  const { llm, servers } = openFake('none', { parallel: 2, heartbeat: 2000 })
  const tally = { answered: 0, crashed: 0 }
  let killing = true
  const callers = Array.from({ length: 4 }, async (_, caller) => {
    while (killing) {
      const maxOutputTokens = 5 + caller * 40
      try {
        const { usage } = await llm.chat({ messages: 'talk', maxOutputTokens })
        expect(usage.outputTokens).toBe(maxOutputTokens)
        tally.answered++
      } catch (error) {
        expect(error).toMatchObject({ code: 'worker-crashed' })
        tally.crashed++
      }
    }
  })
  for (const [victim, signal] of [
    ['server', 'SIGKILL'],
    ['worker', 'SIGKILL'],
    ['server', 'SIGSEGV'],
    ['server', 'SIGSTOP'],
    ['worker', 'SIGSTOP'],
  ] as const) {
    const known = tally.answered
    await waitUntil(() => tally.answered > known + 2 && llm.stats().running > 0)
    const { pid } = llm.stats()
    process.kill((victim === 'worker' ? pid : servers().at(-1)) as number, signal)
    await waitUntil(() => llm.stats().pid !== pid)
  }
  killing = false
  await Promise.all(callers)
  expect(tally.crashed).toBeGreaterThan(4)
  expect(llm.stats()).toMatchObject({ queued: 0, running: 0 })
  await llm.close()
  expect(servers().length).toBeGreaterThan(5)
  await waitUntil(() => servers().every((pid) => !alive(pid)))
})

describe('no server outlives', () => {
  it('a handle that is closed', async () => {
    const { llm, servers } = openFake()
    await llm.chat({ messages: 'hi', maxOutputTokens: 3 })
    await llm.close()
    expect(servers()).toHaveLength(1)
    expect(servers().filter(alive)).toEqual([])
  })

  it('a worker that is killed', async () => {
    const { llm, servers } = openFake()
    const answer = llm.stream('hi')
    await readFirstText(answer)
    const failed = failureOf(answer.response())
    process.kill(llm.stats().pid as number, 'SIGKILL')
    expect((await failed).code).toBe('worker-crashed')
    expect(servers()).toHaveLength(1)
    await waitUntil(() => servers().every((pid) => !alive(pid)))
  })

  it('a worker that is killed while the server loads', async () => {
    const { llm, servers } = openFake('loads-for-ever')
    const stop = new AbortController()
    const ended = llm.chat('hi', { signal: stop.signal }).catch(() => {})
    await waitUntil(() => servers().length === 1)
    const folder = foldersOf()[0] as string
    expect(existsSync(folder)).toBe(true)
    process.kill(llm.stats().pid as number, 'SIGKILL')
    await waitUntil(() => !alive(servers()[0] as number) && !existsSync(folder))
    stop.abort()
    await ended
    await llm.close()
    await waitUntil(() => servers().every((pid) => !alive(pid)))
  })

  it.each(['SIGKILL', 'SIGTERM'] as const)('an app that dies of %s', async (signal) => {
    const log = join(temporaryFolder(), 'servers')
    vi.stubEnv('PATCHBAY_FAKE_LOG', log)
    const {
      process: child,
      nextLine,
      exitCode,
    } = app(`
      const llm = local({ engine: 'llama-server', server: ${JSON.stringify(server)}, threads: 1, cacheDir: false })
      for await (const text of llm.stream('talk').text) { tell('text'); break }
      await llm.chat('talk')`)
    expect(await nextLine()).toBe('text')
    const pid = Number(readFileSync(log, 'utf8').split(' ')[0])
    expect(alive(pid)).toBe(true)
    child.kill(signal)
    await exitCode()
    await waitUntil(() => !alive(pid))
  })
})

it('a server gets the environment without the secrets of the app', async () => {
  vi.stubEnv('OPENAI_API_KEY', 'sk-secret-of-the-app')
  vi.stubEnv('HF_TOKEN', 'hf-secret-of-the-app')
  vi.stubEnv('LLAMA_ARG_CTX_SIZE', '7')
  vi.stubEnv('CUDA_VISIBLE_DEVICES', '1')
  const { llm } = openFake()
  await llm.chat({ messages: 'hi', maxOutputTokens: 1 })
  const environment = readFileSync(`${process.env.PATCHBAY_FAKE_LOG}.environment`, 'utf8')
  expect(environment).toContain('"CUDA_VISIBLE_DEVICES":"1"')
  expect(environment).not.toMatch(/secret-of-the-app|LLAMA_ARG_/)
})

describe('options for llama-server', () => {
  it('reach it as they are, such as those for several GPUs', async () => {
    const { llm } = openFake('none', { serverArgs: ['--split-mode', 'layer', '--tensor-split', '3,1'] })
    await llm.chat({ messages: 'hi', maxOutputTokens: 1 })
    const started = readFileSync(process.env.PATCHBAY_FAKE_LOG as string, 'utf8')
    expect(started).toContain(' --no-context-shift ')
    expect(started).toContain(' --split-mode layer --tensor-split 3,1 ')
  })

  it('choose the GPU by the devices that the server has', async () => {
    vi.stubEnv('PATCHBAY_FAKE_GPU', '1')
    const { llm } = openFake()
    await llm.chat({ messages: 'hi', maxOutputTokens: 1 })
    expect(llm.stats().loaded).toMatchObject({ gpu: 'cuda' })
    const error = await failureOf(openFake('none', { gpu: 'metal' }).llm.chat('hi'))
    expect(error).toMatchObject({ code: 'model-load', message: expect.stringContaining('it has CUDA0') })
  })

  it.each([
    { server: 'x' },
    { serverArgs: ['-fa'] },
    { engine: 'node-llama-cpp' as const, mmproj: 'x.gguf' },
  ])('are refused with another engine: %j', (options) => {
    expect(() => open(options)).toThrow(/engine be 'llama-server'/)
  })
})
