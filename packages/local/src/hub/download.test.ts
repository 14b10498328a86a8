// Downloads from a hub that redirects, breaks off, sends wrong data and refuses.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { inspect } from 'node:util'
import { faultServer, type ReceivedRequest, type ServedResponse } from '@patchbay/testing'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { failureOf, open, temporaryFolder } from '../../test/fixtures.js'
import { local, pulledModels, pullModel, removeModel } from '../index.js'
import { modelDir } from './model-store.js'

const pico = readFileSync(new URL('../../models/pico.gguf', import.meta.url))
const sum = createHash('sha256').update(pico).digest('hex')
const name = 'hf:owner/repo:pico-q8.gguf'
const cachedPath = (model: string, cacheDir: string) => join(modelDir(model, cacheDir), 'pico-q8.gguf')

beforeEach(() => {
  vi.stubEnv('HF_TOKEN', 'hf-secret')
  return () => vi.unstubAllEnvs()
})

/** A hub that redirects to a store, as the real one does. */
async function hub(store: (request: ReceivedRequest) => ServedResponse, etag = sum) {
  const files = await faultServer(store)
  const server = await faultServer(({ path }) =>
    path.startsWith('/v2/')
      ? { body: JSON.stringify(path.endsWith('/Q8_0') ? { ggufFile: { rfilename: 'pico-q8.gguf' } } : {}) }
      : { status: 302, headers: { location: `${files.url}${path}`, 'x-linked-etag': `"${etag}"` } },
  )
  onTestFinished(async () => {
    await Promise.all([files.close(), server.close()])
  })
  vi.stubEnv('HF_ENDPOINT', server.url)
  return { server, files }
}

/** Serves the file with support for ranges. */
const ranges = ({ headers }: ReceivedRequest): ServedResponse => {
  const from = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0)
  if (from >= pico.length) return { status: 416 }
  const body = pico.subarray(from)
  return { status: from > 0 ? 206 : 200, headers: { 'content-length': String(body.length) }, body }
}

describe('pullModel', () => {
  it('downloads once, reports progress, and the model answers', async () => {
    const { server, files } = await hub(ranges)
    const cacheDir = temporaryFolder()
    const seen: number[] = []
    const onProgress = ({ completed, total }: { completed: number; total?: number }) => {
      seen.push(completed)
      expect(total).toBe(pico.length)
    }
    const path = await pullModel(name, { cacheDir, onProgress })
    expect(path).toBe(cachedPath(name, cacheDir))
    expect(readFileSync(path).equals(pico)).toBe(true)
    expect(seen.at(-1)).toBe(pico.length)
    expect(await pullModel(name, { cacheDir })).toBe(path)
    expect(server.requests.map(({ path }) => path)).toEqual(['/owner/repo/resolve/main/pico-q8.gguf'])
    expect(server.requests[0]?.headers.authorization).toBe('Bearer hf-secret')
    expect(files.requests[0]?.headers.authorization).toBeUndefined()
    const provider = open({ model: name, cacheDir, defaults: { temperature: 0 } })
    expect((await provider.chat('What is the capital of France?')).text).toContain('Paris')
    expect(readdirSync(dirname(path))).toEqual(['model.json', 'pico-q8.gguf'])
  })

  it('finds the file for a quantisation', async () => {
    const { server } = await hub(ranges)
    await pullModel('hf:owner/repo:Q8_0', { cacheDir: temporaryFolder() })
    expect(server.requests.map(({ path }) => path)).toEqual([
      '/v2/owner/repo/manifests/Q8_0',
      '/owner/repo/resolve/main/pico-q8.gguf',
    ])
    expect(await failureOf(pullModel('hf:owner/repo:Q2_K', { cacheDir: temporaryFolder() }))).toMatchObject({
      code: 'not-found',
    })
  })

  it('resumes where it was aborted', async () => {
    let calls = 0
    const { files } = await hub((request) =>
      calls++ === 0 ? { ...ranges(request), stallAt: 300_000 } : ranges(request),
    )
    const cacheDir = temporaryFolder()
    const controller = new AbortController()
    let there = 0
    const onProgress = ({ completed }: { completed: number }) => {
      there = completed
      if (completed === 300_000) controller.abort()
    }
    expect(
      await failureOf(pullModel(name, { cacheDir, onProgress, signal: controller.signal })),
    ).toMatchObject({ code: 'aborted' })
    expect(there).toBe(300_000)
    const path = cachedPath(name, cacheDir)
    expect(readdirSync(dirname(path))).toEqual([`${path.split('/').at(-1)}.part`])
    await pullModel(name, { cacheDir })
    expect(readFileSync(path).equals(pico)).toBe(true)
    expect(files.requests[1]?.headers.range).toBe('bytes=300000-')
  })

  it('resumes after a lost connection', async () => {
    await hub((request) => ({ ...ranges(request), resetAt: 300_000 }))
    const cacheDir = temporaryFolder()
    expect(await failureOf(pullModel(name, { cacheDir }))).toMatchObject({ code: 'network', retryable: true })
    expect(existsSync(cachedPath(name, cacheDir))).toBe(false)
  })

  it.each([
    ['a server without ranges', () => ({ body: pico }) as ServedResponse, pico.subarray(0, 1000)],
    ['a complete part', ranges, pico],
    ['a part that is too long', ranges, Buffer.concat([pico, pico])],
  ])('returns the same file with %s', async (_, store, left) => {
    await hub(store)
    const cacheDir = temporaryFolder()
    const path = cachedPath(name, cacheDir)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(`${path}.part`, left)
    await pullModel(name, { cacheDir })
    expect(readFileSync(path).equals(pico)).toBe(true)
  })

  it('keeps no file with another SHA-256, and none that is not a model', async () => {
    const cacheDir = temporaryFolder()
    await hub(ranges, 'a'.repeat(64))
    expect(await failureOf(pullModel(name, { cacheDir }))).toMatchObject({ code: 'bad-response' })
    const page = await faultServer({ body: '<html>Sign in</html>' })
    onTestFinished(() => page.close())
    expect(await failureOf(pullModel(`${page.url}/model.gguf`, { cacheDir }))).toMatchObject({
      code: 'model-load',
      message: expect.stringContaining('not a GGUF file'),
    })
    expect(readdirSync(dirname(cachedPath(name, cacheDir)))).toEqual([])
  })

  it.each([
    // No process has this id: they are smaller.
    ['whose process is gone', String(2 ** 30), 0],
    ['whose process id belongs to another process', String(process.pid), 120],
    ['that is empty', '', 120],
  ])('downloads once for many callers at the same time, past a lock %s', async (_, holder, age) => {
    const { files } = await hub(ranges)
    const cacheDir = temporaryFolder()
    const path = cachedPath(name, cacheDir)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(`${dirname(path)}.lock`, holder)
    const then = new Date(Date.now() - age * 1000)
    utimesSync(`${dirname(path)}.lock`, then, then)
    expect(new Set(await Promise.all([1, 2, 3].map(() => pullModel(name, { cacheDir }))))).toEqual(
      new Set([path]),
    )
    expect(files.requests).toHaveLength(1)
  })

  it.each([
    [401, 'permission-denied', /HF_TOKEN/],
    [404, 'not-found', /Check the name/],
    [503, 'server-error', /Try again/],
  ])('explains status %i', async (status, code, message) => {
    await hub(() => ({ status, body: 'no' }))
    const failure = await failureOf(pullModel(name, { cacheDir: temporaryFolder() }))
    expect(failure).toMatchObject({ code, status, message: expect.stringMatching(message) })
    expect(failure.message).not.toContain('hf-secret')
  })

  it.each(['./model.gguf', 'hf:repo', 'pico'])('refuses %s', async (model) => {
    expect(await failureOf(pullModel(model, { cacheDir: temporaryFolder() }))).toMatchObject({
      code: 'config',
    })
  })

  it('does not repeat a key given in place of a model', async () => {
    const key = 'hf_aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH'
    const refused: unknown[] = []
    for (const model of [key, `hf:${key}`, `hf:owner/repo:${key}/`])
      refused.push(await failureOf(pullModel(model, { cacheDir: temporaryFolder(), offline: true })))
    for (const make of [
      () => local(key),
      () => local(`hf:o/${key}`),
      () => local({ cacheDir: key, queue: -1 }),
    ])
      refused.push(await failureOf((async () => make().chat('hi'))()))
    refused.push(await failureOf(removeModel(key)))
    for (const error of refused) {
      expect(error).toMatchObject({ code: expect.stringMatching(/config|not-found/) })
      expect(inspect(error)).not.toContain(key.slice(8))
    }
  })
})

describe('a model in parts', () => {
  const parts = 'hf:owner/repo:big-00002-of-00003.gguf'
  const file = (part: number) => `big-0000${part}-of-00003.gguf`

  it('is downloaded whole, whichever part is named, and resumes in the part where it stopped', async () => {
    let breaks = true
    const { files } = await hub((request) => ({
      ...ranges(request),
      ...(request.path.endsWith(file(2)) && breaks && { resetAt: 300_000 }),
    }))
    const cacheDir = temporaryFolder()
    const seen = new Set<string>()
    const onProgress = ({ file, files }: { file: number; files: number }) => seen.add(`${file} of ${files}`)
    expect(await failureOf(pullModel(parts, { cacheDir }))).toMatchObject({ code: 'network' })
    expect(await pulledModels({ cacheDir })).toEqual([])
    expect(() => local(parts, { cacheDir })).toThrow(/patchbay pull/)
    breaks = false
    const path = await pullModel(parts, { cacheDir, onProgress })
    expect(path).toBe(join(modelDir(parts, cacheDir), file(1)))
    expect(readdirSync(dirname(path))).toEqual([file(1), file(2), file(3), 'model.json'])
    expect([...seen]).toEqual(['2 of 3', '3 of 3'])
    expect(files.requests.map(({ path, headers }) => [path.split('/').at(-1), headers.range])).toEqual([
      [file(1), undefined],
      [file(2), undefined],
      [file(2), expect.stringMatching(/^bytes=\d+-$/)],
      [file(3), undefined],
    ])
    expect(await pulledModels({ cacheDir })).toMatchObject([{ name: parts, path, size: 3 * pico.length }])
  })
})

describe('models on this machine', () => {
  it('are listed until they are removed', async () => {
    await hub(ranges)
    const cacheDir = temporaryFolder()
    expect(await pulledModels({ cacheDir })).toEqual([])
    const path = await pullModel(name, { cacheDir })
    const upper = 'hf:owner/repo:PICO-q8.gguf'
    await pullModel(upper, { cacheDir })
    const list = await pulledModels({ cacheDir })
    expect(list.map((model) => model.name).sort()).toEqual([upper, name].sort())
    expect(list.find((model) => model.name === name)).toEqual({
      name,
      path,
      size: pico.length,
      pulledAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    })
    await removeModel(name, { cacheDir })
    expect(existsSync(path)).toBe(false)
    expect((await pulledModels({ cacheDir })).map((model) => model.name)).toEqual([upper])
    expect(await failureOf(removeModel(name, { cacheDir }))).toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('models --local'),
    })
  })

  it('can be removed when incomplete', async () => {
    await hub((request) => ({ ...ranges(request), resetAt: 300_000 }))
    const cacheDir = temporaryFolder()
    await failureOf(pullModel(name, { cacheDir }))
    await removeModel(name, { cacheDir })
    expect(existsSync(modelDir(name, cacheDir))).toBe(false)
  })

  it('are the only ones when offline', async () => {
    const { server } = await hub(ranges)
    const cacheDir = temporaryFolder()
    const error = await failureOf(pullModel(name, { cacheDir, offline: true }))
    expect(error).toMatchObject({ code: 'config', message: expect.stringContaining('offline') })
    vi.stubEnv('HF_HUB_OFFLINE', '1')
    expect(await failureOf(pullModel(name, { cacheDir }))).toMatchObject({ code: 'config' })
    expect(server.requests).toEqual([])
    const path = await pullModel(name, { cacheDir, offline: false })
    expect(await pullModel(name, { cacheDir })).toBe(path)
  })
})

it('a file is verified with the SHA-256 of the caller', async () => {
  const server = await faultServer({ body: pico })
  onTestFinished(() => server.close())
  const address = `${server.url}/some%20dir/pico.gguf?download=1`
  const cacheDir = temporaryFolder()
  const wrong = await failureOf(pullModel(address, { cacheDir, sha256: 'b'.repeat(64) }))
  expect(wrong).toMatchObject({ code: 'bad-response', retryable: true })
  const path = await pullModel(address, { cacheDir, sha256: sum.toUpperCase() })
  expect(path.endsWith('/pico.gguf')).toBe(true)
})

it('local() never downloads a model itself', () => {
  expect(() => local(name, { cacheDir: temporaryFolder() })).toThrow(/Run: patchbay pull hf:owner/)
})
