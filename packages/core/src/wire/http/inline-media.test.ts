// Images and files by their address: fetched for services that take bytes, and never from where they should not be.
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { faultServer, type ServedResponse } from '../../../../testing/src/fault-server.js'
import { failureOf } from '../../../test/world.js'
import type { MediaOptions, Part, PreparedChat } from '../../index.js'
import { checkPublic, fetched } from '../index.js'

async function serve(answer: Parameters<typeof faultServer>[0]) {
  const server = await faultServer(answer)
  onTestFinished(() => server.close())
  return { ...server, host: new URL(server.url).host, requests: server.requests }
}

const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 1, 2)
const image: ServedResponse = { headers: { 'content-type': 'image/png' }, body: png }
const chat = (...content: Part[]): PreparedChat => ({
  messages: [{ role: 'user', content }],
  tools: [],
  providerOptions: {},
})
const get = (parts: Part[], limits: MediaOptions | false = {}, signal = new AbortController().signal) =>
  fetched(chat(...parts), () => true, limits, { signal }).then(({ messages }) => messages[0]?.content)

describe('media by address', () => {
  it('get their bytes and their type, each address once, results of tools included', async () => {
    const { url, host, requests } = await serve(({ path }) =>
      path === '/a' ? image : { headers: { 'content-type': 'application/pdf; x=1' }, body: '%PDF-' },
    )
    const content = await get(
      [
        { type: 'text', text: 'Look.' },
        { type: 'image', url: `${url}/a` },
        { type: 'image', url: `${url}/a` },
        { type: 'tool-result', id: 'c', output: [{ type: 'file', url: `${url}/b`, name: 'b.pdf' }] },
        { type: 'image', data: png, mediaType: 'image/png' },
      ],
      { allowHosts: [host] },
    )
    const fetchedImage = { type: 'image', data: png, mediaType: 'image/png' }
    expect(content).toEqual([
      { type: 'text', text: 'Look.' },
      fetchedImage,
      fetchedImage,
      {
        type: 'tool-result',
        id: 'c',
        output: [
          { type: 'file', name: 'b.pdf', data: Buffer.from('%PDF-'), mediaType: 'application/pdf' },
        ].map((part) => ({ ...part, data: new Uint8Array(part.data) })),
      },
      fetchedImage,
    ])
    expect(requests.map(({ path }) => path).sort()).toEqual(['/a', '/b'])
    expect(JSON.stringify(requests.map(({ headers }) => headers))).not.toMatch(/authorization|cookie/)
  })

  it('stay as they are where the service takes the address', async () => {
    const request = chat({ type: 'image', url: 'https://example.com/a.png' })
    expect(await fetched(request, () => false, {}, { signal: new AbortController().signal })).toBe(request)
  })

  it('are unsupported where fetching is switched off', async () => {
    expect(await failureOf(get([{ type: 'image', url: 'https://example.com/a' }], false))).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('data'),
    })
  })

  it('follow a server that leads on, three times', async () => {
    const { url, host } = await serve(({ path }) => {
      const left = Number(path.slice(1))
      return left === 0 ? image : { status: 302, headers: { location: `/${left - 1}` } }
    })
    const limits = { allowHosts: [host] }
    expect(await get([{ type: 'image', url: `${url}/3` }], limits)).toMatchObject([{ data: png }])
    expect(await failureOf(get([{ type: 'image', url: `${url}/4` }], limits))).toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining('3 times'),
    })
  })

  it('take their type from the caller where the server does not know it', async () => {
    const { url, host } = await serve({ body: png, headers: { 'content-type': 'application/octet-stream' } })
    const limits = { allowHosts: [host] }
    expect(await get([{ type: 'image', url, mediaType: 'image/png' }], limits)).toMatchObject([
      { mediaType: 'image/png' },
    ])
    expect(await failureOf(get([{ type: 'image', url }], limits))).toMatchObject({
      message: expect.stringContaining('mediaType'),
    })
  })

  it.each<[string, ServedResponse, MediaOptions, string]>([
    ['too large', image, { maxBytes: 5 }, 'more than 5 bytes'],
    ['a page', { body: '<html>', headers: { 'content-type': 'text/html' } }, {}, 'is text/html'],
    ['not there', { status: 404, body: 'no' }, {}, 'status 404'],
  ])('are refused when they are %s', async (_, answer, limits, message) => {
    const { url, host } = await serve(answer)
    const failure = await failureOf(
      get([{ type: 'image', url: `${url}/a.png?signature=secret` }], { allowHosts: [host], ...limits }),
    )
    expect(failure).toMatchObject({ code: 'invalid-request', message: expect.stringContaining(message) })
    expect(failure.message).not.toContain('secret')
  })

  it('are fetched by the platform where there is no Node', async () => {
    const { url, host } = await serve(image)
    const without = vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never)
    onTestFinished(() => without.mockRestore())
    expect(await get([{ type: 'image', url }], { allowHosts: [host] })).toMatchObject([
      { data: png, mediaType: 'image/png' },
    ])
    expect(await failureOf(get([{ type: 'image', url }], { allowHosts: [host], maxBytes: 5 }))).toMatchObject(
      {
        message: expect.stringContaining('more than 5 bytes'),
      },
    )
    expect(await failureOf(get([{ type: 'image', url: 'http://localhost/' }]))).toMatchObject({
      message: expect.stringContaining('public'),
    })
  })

  it('that break off are a network error, and an abort is an abort', async () => {
    const broken = await serve({ ...image, resetAt: 3 })
    expect(
      await failureOf(get([{ type: 'image', url: broken.url }], { allowHosts: [broken.host] })),
    ).toMatchObject({ code: 'network' })
    const stalled = await serve({ ...image, stallAt: 3 })
    const controller = new AbortController()
    const work = get([{ type: 'image', url: stalled.url }], { allowHosts: [stalled.host] }, controller.signal)
    await expect.poll(() => stalled.requests.length).toBe(1)
    controller.abort()
    await expect(work).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('an address that leads inside', () => {
  it.each([
    'http://localhost',
    'http://127.0.0.1',
    'http://0x7f000001',
    'http://2130706433',
    'http://127.1',
    'http://[::1]',
    'http://[::ffff:127.0.0.1]',
    'http://0.0.0.0',
  ])('is refused before anybody is asked: %s', async (base) => {
    const { url, requests } = await serve(image)
    const address = `${base}:${new URL(url).port}/a.png`
    expect(await failureOf(get([{ type: 'image', url: address }]))).toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining('public'),
    })
    expect(requests).toHaveLength(0)
  })

  it.each([
    'http://10.0.0.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://[fd00::1]/',
    'http://[fe80::1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://metadata.google.internal/',
    'http://printer.local./',
    'ftp://example.com/a.png',
    'file:///etc/passwd',
    'http://user:password@example.com/',
  ])('is refused: %s', async (url) => {
    const failure = await failureOf(get([{ type: 'image', url }]))
    expect(failure).toMatchObject({ code: 'invalid-request' })
    expect(failure.message).not.toContain('user:password')
  })

  it('is refused when a good server leads there', async () => {
    const inside = await serve(image)
    const outside = await serve({ status: 302, headers: { location: `${inside.url}/a.png` } })
    expect(
      await failureOf(get([{ type: 'image', url: outside.url }], { allowHosts: [outside.host] })),
    ).toMatchObject({ code: 'invalid-request', message: expect.stringContaining('public') })
    expect(inside.requests).toHaveLength(0)
  })

  it('is refused when its name resolves to there', async () => {
    const { url, requests } = await serve(image)
    // The machine's own name resolves without a network, to the machine.
    const { hostname } = await import('node:os')
    const failure = await failureOf(
      get([{ type: 'image', url: `http://${hostname()}:${new URL(url).port}/a.png` }]),
    )
    expect(['invalid-request', 'network']).toContain(failure.code)
    expect(requests).toHaveLength(0)
  })
})

describe('an address somebody else will fetch', () => {
  it.each([
    'https://93.184.215.14/a.png',
    'http://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/a.png',
    'http://[::ffff:93.184.215.14]/a.png',
  ])('%s is public', async (address) => {
    await expect(checkPublic(address)).resolves.toBeUndefined()
  })

  it.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://10.1.2.3/',
    'http://[::1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://[fd00::1]/',
    'http://localhost/',
    'http://db.internal/',
    'http://user:word@93.184.215.14/',
    'file:///etc/passwd',
    'nonsense',
  ])('%s is not', async (address) => {
    expect(await failureOf(checkPublic(address))).toMatchObject({ code: 'invalid-request' })
  })

  it('is where its host is named', async () => {
    await expect(
      checkPublic('http://127.0.0.1:8080/', { allowHosts: ['127.0.0.1:8080'] }),
    ).resolves.toBeUndefined()
  })
})
