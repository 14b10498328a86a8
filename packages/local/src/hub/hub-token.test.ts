// Credentials: the hub's token is sent only to the hub, over https; no secret is in names, messages or files.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { failureOf, temporaryFolder } from '../../test/fixtures.js'
import { pulledModels, pullModel } from '../index.js'

const pico = readFileSync(new URL('../../models/pico.gguf', import.meta.url))
const token = 'hf_token-of-the-test'
const bearer = `Bearer ${token}`

beforeEach(() => {
  vi.stubEnv('HF_TOKEN', token)
  vi.stubEnv('HF_ENDPOINT', '')
  return () => vi.unstubAllEnvs()
})

/** Servers for all host names with these redirects, and the requests that they got. */
function servers(redirects: Record<string, string> = {}) {
  const sent: [url: string, authorization: string | null][] = []
  const ask: typeof fetch = async (input, init) => {
    const url = String(input)
    sent.push([url, new Headers(init?.headers).get('authorization')])
    const location = redirects[url]
    if (location !== undefined) return new Response(null, { status: 302, headers: { location } })
    if (url.includes('/manifests/')) return Response.json({ ggufFile: { rfilename: 'a.gguf' } })
    return new Response(pico)
  }
  return { sent, fetch: ask }
}

const hubFile = 'https://huggingface.co/owner/repo/resolve/main/a.gguf'

describe('the token of the hub', () => {
  it.each<[string, model: string, hub: string, redirects: Record<string, string>, (string | null)[]]>([
    ['is sent to the hub', 'hf:owner/repo:a.gguf', '', {}, [bearer]],
    ['is sent with the request for a manifest', 'hf:owner/repo:Q4_K_M', '', {}, [bearer, bearer]],
    ['is sent to an address at the hub', hubFile, '', {}, [bearer]],
    ['is sent to another configured hub', 'hf:owner/repo:a.gguf', 'https://hub.example/', {}, [bearer]],
    [
      'goes where the hub redirects within itself',
      hubFile,
      '',
      { [hubFile]: '/moved.gguf' },
      [bearer, bearer],
    ],
    ['is not sent on to another host', hubFile, '', { [hubFile]: 'https://cdn.example/a' }, [bearer, null]],
    [
      'does not go to a port beside the hub',
      hubFile,
      '',
      { [hubFile]: 'https://huggingface.co:8443/a' },
      [bearer, null],
    ],
    ['is not sent on without TLS', hubFile, '', { [hubFile]: 'http://huggingface.co/a' }, [bearer, null]],
    [
      'does not come back with a stranger who redirects to the hub',
      'https://cdn.example/a.gguf',
      '',
      { 'https://cdn.example/a.gguf': hubFile },
      [null, null],
    ],
    ['is not sent to a server without TLS', 'http://files.example/a.gguf', '', {}, [null]],
    ['is not sent to another server', 'https://files.example/a.gguf', '', {}, [null]],
    ['is not sent to the hub without TLS', 'http://huggingface.co/a.gguf', '', {}, [null]],
    ['is not sent to a configured hub without TLS', 'hf:owner/repo:a.gguf', 'http://hub.example', {}, [null]],
    [
      'does not go to the usual hub when another one is configured',
      hubFile,
      'https://hub.example',
      {},
      [null],
    ],
    [
      'is sent to a configured hub on this machine',
      'hf:owner/repo:a.gguf',
      'http://127.0.0.1:9/',
      {},
      [bearer],
    ],
    ['is sent to localhost', 'hf:owner/repo:a.gguf', 'http://localhost:9', {}, [bearer]],
    ['is not sent to this machine if it is not the hub', 'http://127.0.0.1:9/a.gguf', '', {}, [null]],
  ])('%s', async (_, model, hub, redirects, authorizations) => {
    vi.stubEnv('HF_ENDPOINT', hub)
    const { sent, fetch } = servers(redirects)
    await pullModel(model, { cacheDir: temporaryFolder(), fetch })
    expect(sent.map(([, authorization]) => authorization)).toEqual(authorizations)
  })
})

describe('the signature of an address', () => {
  const signed = (signature: string) =>
    `https://files.example/dir/a.gguf?download=1&X-Amz-Signature=${signature}&sig=${signature}&Key-Pair-Id=${signature}`

  it('is sent, appears nowhere else, and another signature means the same model', async () => {
    const { sent, fetch } = servers()
    const cacheDir = temporaryFolder()
    const path = await pullModel(signed('first-secret'), { cacheDir, fetch })
    expect(sent[0]?.[0]).toContain('X-Amz-Signature=first-secret')
    expect(await pullModel(signed('second-secret'), { cacheDir, fetch })).toBe(path)
    expect(sent).toHaveLength(1)
    expect((await pulledModels({ cacheDir })).map(({ name }) => name)).toEqual([
      'https://files.example/dir/a.gguf?download=1',
    ])
    const kept =
      readdirSync(cacheDir, { recursive: true }).join() + readFileSync(join(path, '..', 'model.json'))
    expect(kept).not.toContain('secret')
  })

  it.each<[string, typeof fetch]>([
    ['a refusal', async () => new Response('no', { status: 403 })],
    [
      'a page',
      async () => new Response('<title>Login</title>', { headers: { 'content-type': 'text/html' } }),
    ],
    ['a failing fetch', async (url) => Promise.reject(new TypeError(`fetch failed: ${url} ${token}`))],
    [
      'a redirect with a password',
      async () =>
        new Response(null, { status: 302, headers: { location: 'https://a:first-secret@b.example/' } }),
    ],
  ])('is in no part of an error after %s, and neither is the token', async (_, answer) => {
    const error = await failureOf(
      pullModel(signed('first-secret'), { cacheDir: temporaryFolder(), fetch: answer }),
    )
    for (const text of [
      inspect(error, { depth: 9 }),
      JSON.stringify(error),
      String(error),
      String(error.cause),
    ]) {
      expect(text).not.toContain('first-secret')
      expect(text).not.toContain(token)
    }
    expect(error).toMatchObject({ provider: 'local', model: 'https://files.example/dir/a.gguf?download=1' })
  })
})

it.each([
  ['an address', 'https://user:first-secret@files.example/a.gguf', ''],
  ['the address of the hub', 'hf:owner/repo:a.gguf', 'https://user:first-secret@hub.example'],
])('a password in %s is refused, and not quoted', async (_, model, hub) => {
  vi.stubEnv('HF_ENDPOINT', hub)
  const { sent, fetch } = servers()
  const cacheDir = temporaryFolder()
  const error = await failureOf(pullModel(model, { cacheDir, fetch }))
  expect(error).toMatchObject({ code: 'config', message: expect.stringMatching(/user or password/) })
  expect(inspect(error, { depth: 9 })).not.toContain('first-secret')
  expect(readdirSync(cacheDir, { recursive: true }).join()).not.toContain('first-secret')
  expect(sent).toEqual([])
})
