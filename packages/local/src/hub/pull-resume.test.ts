// Resumed downloads: files that change in the meantime, and several processes with the same model.
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { faultServer, type ReceivedRequest, type ServedResponse } from '@patchbay/testing'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { app } from '../../test/app.js'
import { failureOf, temporaryFolder } from '../../test/fixtures.js'
import { pullModel } from '../index.js'
import { modelDir } from './model-store.js'

const pico = readFileSync(new URL('../../models/pico.gguf', import.meta.url))
const name = 'hf:owner/repo:pico.gguf'

beforeEach(() => {
  vi.stubEnv('HF_TOKEN', '')
  return () => vi.unstubAllEnvs()
})

async function hub(answer: (request: ReceivedRequest) => ServedResponse) {
  const server = await faultServer(answer)
  onTestFinished(() => server.close())
  vi.stubEnv('HF_ENDPOINT', server.url)
  return server
}

describe('a file without a SHA-256', () => {
  /** Serves one version of the file after the other, with or without support for `if-range`. */
  async function changing(heeds: boolean, tags: (string | undefined)[]) {
    const versions = [pico, Buffer.concat([pico.subarray(0, 8), Buffer.alloc(pico.length - 8, 1)])]
    let turn = 0
    return hub(({ headers }) => {
      const version = Math.min(turn++, 1)
      const tag = tags[version]
      const body = versions[version] ?? pico
      const same = headers['if-range'] === undefined || headers['if-range'] === tag
      const from = same || !heeds ? Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0) : 0
      const more = { ...(tag !== undefined && { etag: tag }), 'content-length': String(body.length - from) }
      const breaks = version === 0 ? { resetAt: 300_000 } : {}
      return { status: from > 0 ? 206 : 200, headers: more, body: body.subarray(from), ...breaks }
    }).then((server) => ({ server, second: versions[1] as Buffer }))
  }

  it.each<[string, boolean, (string | undefined)[]]>([
    ['with another tag, on a server with if-range', true, ['"one"', '"two"']],
    ['with another tag, on a server without if-range', false, ['"one"', '"two"']],
    ['without a version', false, [undefined, undefined]],
  ])('that has changed is not joined from two versions: %s', async (_, heeds, tags) => {
    const { second } = await changing(heeds, tags)
    const cacheDir = temporaryFolder()
    expect(await failureOf(pullModel(name, { cacheDir }))).toMatchObject({ code: 'network' })
    expect(readFileSync(await pullModel(name, { cacheDir })).equals(second)).toBe(true)
  })

  it('that has not changed is resumed', async () => {
    const { server } = await changing(true, ['"one"', '"one"'])
    const cacheDir = temporaryFolder()
    await failureOf(pullModel(name, { cacheDir }))
    const path = await pullModel(name, { cacheDir })
    expect(server.requests[1]?.headers.range).toMatch(/^bytes=[1-9]\d+-$/)
    expect(readdirSync(dirname(path)).sort()).toEqual(['model.json', 'pico.gguf'])
  })
})

it('a part of another file is downloaded again in the same call when the SHA-256 is wrong', async () => {
  const sum = createHash('sha256').update(pico).digest('hex')
  await hub(({ headers }) => {
    const from = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0)
    return { status: from > 0 ? 206 : 200, body: pico.subarray(from) }
  })
  const cacheDir = temporaryFolder()
  const dir = modelDir(name, cacheDir)
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'pico.gguf.part'), Buffer.alloc(1000, 7))
  expect(readFileSync(await pullModel(name, { cacheDir, sha256: sum })).equals(pico)).toBe(true)
})

describe('several processes', () => {
  const pulling = (cacheDir: string) =>
    app(`const path = await pullModel(${JSON.stringify(name)}, { cacheDir: ${JSON.stringify(cacheDir)},
      onProgress: ({ completed }) => completed >= 300_000 && tell('half') })
      tell(path)`)

  it('download a model once, and continue the download of one that was killed', async () => {
    const sum = createHash('sha256').update(pico).digest('hex')
    let breaks = true
    const server = await hub(({ headers }) => {
      const from = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0)
      return {
        status: from > 0 ? 206 : 200,
        headers: { 'x-linked-etag': `"${sum}"`, 'content-length': String(pico.length - from) },
        body: pico.subarray(from),
        ...(breaks && { stallAt: 400_000 }),
      }
    })
    const cacheDir = temporaryFolder()
    const killed = pulling(cacheDir)
    expect(await killed.nextLine()).toBe('half')
    killed.process.kill('SIGKILL')
    await killed.exitCode()
    breaks = false
    const apps = [1, 2, 3].map(() => pulling(cacheDir))
    const exitCodes = await Promise.all(apps.map(({ exitCode }) => exitCode()))
    expect(exitCodes).toEqual([0, 0, 0])
    expect(server.requests).toHaveLength(2)
    expect(server.requests[1]?.headers.range).toMatch(/^bytes=[1-9]\d+-$/)
    const dir = modelDir(name, cacheDir)
    expect(readFileSync(join(dir, 'pico.gguf')).equals(pico)).toBe(true)
    expect(readdirSync(dir).sort()).toEqual(['model.json', 'pico.gguf'])
  })
})
