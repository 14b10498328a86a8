// Compressed bodies: which are unpacked, how large they may become, and how many at a time.
import zlib from 'node:zlib'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it, vi } from 'vitest'
import { served } from '../../test/served.js'

// Holds gunzip back while a test counts what runs.
const gate = vi.hoisted(() => ({ opens: Promise.resolve(), running: 0, most: 0 }))
vi.mock('node:zlib', async (original) => {
  const all = await original<{ default: typeof zlib }>()
  const real = all.default
  const gunzip = (...[packed, options, done]: [Buffer, zlib.ZlibOptions, zlib.CompressCallback]) => {
    gate.most = Math.max(gate.most, ++gate.running)
    void gate.opens.then(() =>
      real.gunzip(packed, options, (error, result) => {
        gate.running--
        done(error, result)
      }),
    )
  }
  return { ...all, default: { ...real, gunzip } }
})

async function world() {
  const inner = mockProvider()
  const { url } = await served(inner)
  const ask = (path: string, encoding: string, body?: Uint8Array, method = 'POST') =>
    fetch(url + path, {
      method,
      headers: { 'content-encoding': encoding },
      ...(body !== undefined && { body: new Uint8Array(body) }),
    })
  return { inner, ask }
}

const chat = '/v1/chat/completions'
const bodyOf = (content: string) => JSON.stringify({ messages: [{ role: 'user', content }] })

describe('a compressed body', () => {
  it('that becomes very much larger is refused, however many come at once', async () => {
    const { ask, inner } = await world()
    const bomb = zlib.brotliCompressSync(Buffer.from(bodyOf(' '.repeat(19 * 1024 * 1024))))
    expect(bomb.byteLength).toBeLessThan(1000)
    const before = process.memoryUsage().rss
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask(chat, 'br', bomb)))
    for (const answer of answers) {
      expect(answer.status).toBe(413)
      expect(await answer.text()).toContain('100 times')
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024)
    expect(inner.requests).toHaveLength(0)
  })

  it('that is repetitive, but not large, is taken', async () => {
    const { ask } = await world()
    expect((await ask(chat, 'br', zlib.brotliCompressSync(bodyOf('x'.repeat(900_000))))).status).toBe(200)
  })

  it('waits while others are unpacked, and is refused for now when too many wait', async () => {
    const { ask } = await world()
    let open = () => {}
    gate.opens = new Promise((resolve) => {
      open = resolve
    })
    const body = zlib.gzipSync(bodyOf('x'))
    // Two run and a hundred wait.
    const asked = Array.from({ length: 103 }, () => ask(chat, 'gzip', body))
    const refused = await Promise.race(asked)
    open()
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    const statuses = (await Promise.all(asked)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(102)
    expect(gate.most).toBe(2)
    expect((await ask(chat, 'gzip', body)).status).toBe(200)
  })

  it.each([
    '',
    'identity',
    'Identity, identity',
  ])('of the encoding "%s" is not compressed', async (encoding) => {
    const { ask } = await world()
    expect((await ask(chat, encoding, Buffer.from(bodyOf('x')))).status).toBe(200)
  })

  it.each([
    'gzip, identity',
    'identity,GZIP',
    'x-gzip',
  ])('of the encodings %s is unpacked', async (encoding) => {
    const { ask } = await world()
    expect((await ask(chat, encoding, zlib.gzipSync(bodyOf('x')))).status).toBe(200)
  })

  it.each(['gzip', 'br', 'rot13'])('that is empty is none, with the encoding %s', async (encoding) => {
    const { ask } = await world()
    expect((await ask('/v1/models', encoding, undefined, 'GET')).status).toBe(200)
    expect((await ask('/v1/models', encoding, undefined, 'HEAD')).status).toBe(200)
    expect((await ask('/v1/responses/none', encoding, undefined, 'DELETE')).status).toBe(404)
    const empty = await ask(chat, encoding, new Uint8Array())
    expect([empty.status, await empty.text()]).toEqual([400, expect.stringContaining('must be JSON')])
  })
})
