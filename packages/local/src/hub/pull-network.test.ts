// Downloads on real networks: proxies, login pages, failures of servers and disks.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { faultServer, type ReceivedRequest, type ServedResponse } from '@patchbay/testing'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { app } from '../../test/app.js'
import { certificate } from '../../test/certificate.js'
import { failureOf, temporaryFolder, waitUntil } from '../../test/fixtures.js'
import { startProxy } from '../../test/proxy.js'
import { pullModel } from '../index.js'
import { modelDir } from './model-store.js'

const pico = readFileSync(new URL('../../models/pico.gguf', import.meta.url))
const name = 'hf:owner/repo:pico.gguf'
const variables = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY']

beforeEach(() => {
  for (const variable of [...variables, 'HF_TOKEN']) vi.stubEnv(variable, '')
  return () => vi.unstubAllEnvs()
})

/** A server that is the hub, and has its files. */
async function hub(answer: (request: ReceivedRequest) => ServedResponse) {
  const server = await faultServer(answer)
  onTestFinished(() => server.close())
  vi.stubEnv('HF_ENDPOINT', server.url)
  return { ...server, port: Number(new URL(server.url).port) }
}

const whole = (): ServedResponse => ({ headers: { 'content-length': String(pico.length) }, body: pico })

describe('a proxy', () => {
  it.each(['HTTP_PROXY', 'http_proxy'])('of %s forwards requests without TLS', async (variable) => {
    const { port, requests } = await hub(whole)
    const proxy = await startProxy(port)
    vi.stubEnv('HF_ENDPOINT', 'http://hub.invalid')
    vi.stubEnv(variable, proxy.url)
    const path = await pullModel(name, { cacheDir: temporaryFolder() })
    expect(readFileSync(path).equals(pico)).toBe(true)
    expect(proxy.requests).toEqual(['GET http://hub.invalid/owner/repo/resolve/main/pico.gguf'])
    expect(requests).toHaveLength(1)
  })

  it.each([
    'HTTPS_PROXY',
    'https_proxy',
  ])('of %s is a tunnel for TLS, and gets its password', async (variable) => {
    const server = createServer(certificate(temporaryFolder(), 'hub.invalid'), (_, response) =>
      response.end(pico),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const proxy = await startProxy((server.address() as AddressInfo).port)
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    vi.stubEnv('HF_ENDPOINT', 'https://hub.invalid')
    vi.stubEnv(variable, proxy.url.replace('//', '//user:p%40ss@'))
    const path = await pullModel(name, { cacheDir: temporaryFolder() })
    expect(readFileSync(path).equals(pico)).toBe(true)
    expect(proxy.requests).toEqual(['CONNECT hub.invalid:443'])
    expect(proxy.credentials).toEqual([`Basic ${Buffer.from('user:p@ss').toString('base64')}`])
  })

  it('leaves the fetch of the app as it is', async () => {
    // The package that knows proxies would put its own in this place.
    const { nextLine, exitCode } = app(`
      process.env.HTTPS_PROXY = 'http://127.0.0.1:9'
      await pullModel('https://hub.invalid/a.gguf', { cacheDir: ${JSON.stringify(temporaryFolder())} }).catch(({ code }) => tell(code))
      const { Agent } = await import(${JSON.stringify(import.meta.resolve('undici'))})
      tell(globalThis[Symbol.for('undici.globalDispatcher.1')] instanceof Agent)`)
    expect(await nextLine()).toBe('network')
    expect(await nextLine()).toBe('false')
    expect(await exitCode()).toBe(0)
  })

  it('is not used for hosts of NO_PROXY', async () => {
    const { port, requests } = await hub(whole)
    const proxy = await startProxy(port)
    vi.stubEnv('HTTP_PROXY', proxy.url)
    vi.stubEnv('NO_PROXY', 'example.com,127.0.0.1')
    await pullModel(name, { cacheDir: temporaryFolder() })
    expect(proxy.requests).toEqual([])
    expect(requests).toHaveLength(1)
  })

  it('that refuses is named, and its password is not', async () => {
    const proxy = await startProxy(1, { refuses: 407 })
    vi.stubEnv('HF_ENDPOINT', 'https://hub.invalid')
    vi.stubEnv('HTTPS_PROXY', proxy.url.replace('//', '//user:proxy-secret@'))
    const error = await failureOf(pullModel(name, { cacheDir: temporaryFolder() }))
    expect(error).toMatchObject({ code: 'network', message: expect.stringMatching(/the proxy refuses.*407/) })
    expect(inspect(error, { depth: 9 })).not.toContain('proxy-secret')
  })

  it.each([
    'nonsense://proxy:1',
    'http://',
    'http://a:%@b:1',
  ])('with an invalid address (%s) is an error', async (value) => {
    vi.stubEnv('HTTPS_PROXY', value)
    const error = await failureOf(pullModel(name, { cacheDir: temporaryFolder() }))
    expect(error).toMatchObject({ code: 'config', message: expect.stringContaining('HTTPS_PROXY') })
  })

  it('is not used by a fetch of the caller', async () => {
    vi.stubEnv('HTTPS_PROXY', 'nonsense')
    const requests: string[] = []
    const own: typeof fetch = async (url) => {
      requests.push(String(url))
      return new Response(pico)
    }
    await pullModel('https://files.invalid/a.gguf', { cacheDir: temporaryFolder(), fetch: own })
    expect(requests).toEqual(['https://files.invalid/a.gguf'])
  })
})

describe('a web page', () => {
  const page = {
    headers: { 'content-type': 'text/html' },
    body: '<html><title>Sign in to\n Network</title></html>',
  }

  it.each([
    ['a manifest', 'hf:owner/repo:Q4_K_M'],
    ['a model', name],
  ])('in place of %s is quoted in the error', async (what, model) => {
    await hub(() => page)
    const cacheDir = temporaryFolder()
    const error = await failureOf(pullModel(model, { cacheDir }))
    expect(error).toMatchObject({ code: 'bad-response', retryable: false, status: 200 })
    expect(error.message).toMatch(`in place of ${what} (text/html): "Sign in to Network"`)
    expect(readdirSync(modelDir(model, cacheDir))).toEqual([])
  })

  it.each([
    'null',
    '[]',
    '{"ggufFile":null}',
    '{"ggufFile":{"rfilename":7}}',
  ])('and so is a manifest without a file: %s', async (body) => {
    await hub(() => ({ body }))
    expect(await failureOf(pullModel('hf:owner/repo:Q4', { cacheDir: temporaryFolder() }))).toMatchObject({
      code: 'not-found',
    })
  })

  it('without an end is read up to a limit', async () => {
    const endless = await hub(() => ({ body: '<p>'.repeat(700_000), neverEnd: true }))
    expect(await failureOf(pullModel('hf:owner/repo:Q4', { cacheDir: temporaryFolder() }))).toMatchObject({
      code: 'bad-response',
    })
    await waitUntil(() => endless.open === 0)
  })

  it('without a content type is detected by its first bytes', async () => {
    const server = await hub(() => ({ body: Buffer.alloc(100_000), neverEnd: true }))
    const error = await failureOf(pullModel(name, { cacheDir: temporaryFolder() }))
    expect(error).toMatchObject({ code: 'model-load', message: expect.stringContaining('not a GGUF file') })
    await waitUntil(() => server.open === 0)
  })
})

describe('a failure', () => {
  it('to resolve a name has the system’s error code', async () => {
    vi.stubEnv('HF_ENDPOINT', 'https://no-such-hub.invalid')
    const error = await failureOf(pullModel(name, { cacheDir: temporaryFolder() }))
    expect(error).toMatchObject({ code: 'network', retryable: true })
    expect(error.message).toMatch(/(ENOTFOUND|EAI_AGAIN).*HTTPS_PROXY/)
    expect(error.message).toContain('no-such-hub.invalid')
  })

  it('to connect has it, too', async () => {
    // A port that was free a moment ago.
    const server = createTcpServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    vi.stubEnv('HF_ENDPOINT', `http://127.0.0.1:${port}`)
    expect(await failureOf(pullModel(name, { cacheDir: temporaryFolder() }))).toMatchObject({
      code: 'network',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it.each([
    ['headers without an end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`],
    ['what is not HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
  ])('of a server with %s is a bad response', async (_, bytes) => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.on('data', () => socket.write(bytes))
      onTestFinished(() => void socket.destroy())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    vi.stubEnv('HF_ENDPOINT', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    expect(await failureOf(pullModel(name, { cacheDir: temporaryFolder() }))).toMatchObject({
      code: 'bad-response',
      retryable: false,
    })
  })

  it.each<[string, string | undefined]>([
    ['without an end', '/again'],
    ['to no address', 'http://'],
    ['to a file', 'file:///etc/passwd'],
    ['to data', 'data:text/plain,GGUF'],
  ])('of a redirect %s ends', async (_, location = '') => {
    const server = await hub(() => ({ status: 302, headers: { location } }))
    expect(await failureOf(pullModel(name, { cacheDir: temporaryFolder() }))).toMatchObject({
      code: 'bad-response',
    })
    expect(server.requests.length).toBeLessThan(12)
  })

  it.each([
    [401, '', 'permission-denied', /Accept its licence there, and set HF_TOKEN/],
    [403, 'hf_some-token', 'permission-denied', /with the account of HF_TOKEN/],
    [404, '', 'not-found', /Check the name/],
    [429, '', 'rate-limited', /limits the number of requests/],
    [400, '', 'bad-response', /status 400/],
    [500, '', 'server-error', /Try again/],
  ])('of status %i has advice', async (status, token, code, message) => {
    vi.stubEnv('HF_TOKEN', token)
    const server = await hub(() => ({ status, headers: { 'retry-after': '7' }, body: 'no' }))
    const error = await failureOf(pullModel(name, { cacheDir: temporaryFolder() }))
    expect(error).toMatchObject({ code, status, message: expect.stringMatching(message) })
    expect(error.retryAfterMs).toBe(status === 429 ? 7000 : undefined)
    await waitUntil(() => server.open === 0)
  })

  it('of another server does not ask for the token of the hub', async () => {
    const server = await faultServer({ status: 401, body: 'no' })
    onTestFinished(() => server.close())
    vi.stubEnv('HF_ENDPOINT', '')
    const error = await failureOf(pullModel(`${server.url}/a.gguf`, { cacheDir: temporaryFolder() }))
    expect(error.message).toMatch(/HF_TOKEN is only sent to huggingface.co/)
  })

  it('of the disk says so', async () => {
    await hub(whole)
    const cacheDir = join(temporaryFolder(), 'file')
    writeFileSync(cacheDir, 'not a folder')
    expect(await failureOf(pullModel(name, { cacheDir }))).toMatchObject({
      code: 'config',
      message: expect.stringMatching(/cannot be written to the cache \((ENOTDIR|EEXIST)\)/),
    })
  })

  it.skipIf(!existsSync('/dev/full'))('of a full disk says so, and keeps what was downloaded', async () => {
    await hub(whole)
    const cacheDir = temporaryFolder()
    const dir = modelDir(name, cacheDir)
    mkdirSync(dir, { recursive: true })
    const { symlinkSync } = await import('node:fs')
    symlinkSync('/dev/full', join(dir, 'pico.gguf.part'))
    expect(await failureOf(pullModel(name, { cacheDir }))).toMatchObject({
      code: 'config',
      retryable: false,
      message: expect.stringContaining('ENOSPC'),
    })
  })

  it('of the caller’s own callback is `aborted`', async () => {
    await hub(whole)
    const onProgress = () => {
      throw new Error('of the app')
    }
    const error = await failureOf(pullModel(name, { cacheDir: temporaryFolder(), onProgress }))
    expect(error).toMatchObject({ code: 'aborted', message: expect.stringContaining('onProgress') })
  })

  it('of one SHA-256 for a model in parts comes before any download', async () => {
    const server = await hub(whole)
    const parts = 'hf:owner/repo:big-00001-of-00002.gguf'
    expect(
      await failureOf(pullModel(parts, { cacheDir: temporaryFolder(), sha256: 'a'.repeat(64) })),
    ).toMatchObject({
      code: 'config',
    })
    expect(server.requests).toEqual([])
  })
})
