// Threats to the admin interface: one test for each row of the table in docs/admin.md.
import { timingSafeEqual } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '@patchbay/config'
import { mockProvider } from '@patchbay/testing'
import { expect, it, onTestFinished, vi } from 'vitest'
import { adminKey, adminWorld, sqliteAddress } from '../../test/admin-world.js'
import { served } from '../../test/served.js'
import { newKey, serve } from '../index.js'
import { AdminKeys } from './admin-keys.js'

vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>()
  return { ...crypto, timingSafeEqual: vi.fn(crypto.timingSafeEqual) }
})

it('without PATCHBAY_ADMIN_KEY there is no admin interface', async () => {
  vi.stubEnv('PATCHBAY_ADMIN_KEY', '')
  onTestFinished(() => void vi.unstubAllEnvs())
  const open = await served(mockProvider())
  const closed = await served(mockProvider(), { keys: { ann: { hash: newKey().hash } } })
  for (const { url } of [open, closed])
    for (const path of ['/admin', '/admin/keys', '/admin/openapi.json', '/admin/spend'])
      for (const headers of [{}, { authorization: 'Bearer x' }])
        expect((await fetch(`${url}${path}`, { headers })).status).toBe(404)
})

it('keys of clients are no admin keys, and admin keys ask no model', async () => {
  const { admin, ask } = await adminWorld()
  const { key } = (await admin('POST', '/keys', { name: 'ann' })).body
  expect((await admin('GET', '/keys', undefined, { authorization: `Bearer ${key}` })).status).toBe(401)
  expect((await admin('GET', '/keys', undefined, { authorization: '' })).status).toBe(401)
  expect((await ask(adminKey)).status).toBe(401)
})

it('a named admin has a key of his own, and the audit trail has his name', async () => {
  const { key, hash } = newKey()
  const { admin } = await adminWorld({ admins: { zoe: { hash } } })
  const zoe = { authorization: `Bearer ${key}` }
  const secret = (await admin('POST', '/keys', { name: 'ann', budget: [{ per: 'day', usd: 1 }] }, zoe)).body
    .key
  await admin('PATCH', '/keys/ann', { budget: null })
  await admin('POST', '/keys/ann/rotate', {}, zoe)
  await admin('DELETE', '/keys/ann', undefined, zoe)
  expect((await admin('DELETE', '/keys/ann', undefined, zoe)).status).toBe(404)
  const { body, text } = await admin('GET', '/audit')
  expect(body.data.map(({ at: _, ...entry }: { at: string }) => entry).reverse()).toEqual([
    {
      admin: 'zoe',
      action: 'createKey',
      name: 'ann',
      change: { name: 'ann', budget: [{ per: 'day', usd: 1 }] },
    },
    { admin: 'admin', action: 'changeKey', name: 'ann', change: { budget: null } },
    { admin: 'zoe', action: 'rotateKey', name: 'ann', change: {} },
    { admin: 'zoe', action: 'deleteKey', name: 'ann' },
  ])
  expect(text).not.toContain(secret)
})

it('guessing is bounded for each address, also against one who guesses right at last', async () => {
  const { admin } = await adminWorld()
  const guess = (key: string) => admin('GET', '/keys', undefined, { authorization: `Bearer ${key}` })
  for (let count = 0; count < 10; count++) expect((await guess(`wrong-${count}`)).status).toBe(401)
  const refused = await guess(adminKey)
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60)
})

it('wrong keys are counted on when the configuration is reloaded', async () => {
  const database = sqliteAddress()
  const { admin, gateway } = await adminWorld({ database })
  const wrong = () => admin('GET', '/keys', undefined, { authorization: 'Bearer wrong' })
  for (let count = 0; count < 10; count++) expect((await wrong()).status).toBe(401)
  gateway.reload(await loadConfig({ config: { gateway: { database } }, user: false }))
  expect((await wrong()).status).toBe(429)
})

it('named admins protect a gateway that other machines reach as the key of the environment does', async () => {
  const { hash } = newKey()
  vi.stubEnv('PATCHBAY_ADMIN_KEY', '')
  onTestFinished(() => void vi.unstubAllEnvs())
  const settings = { database: sqliteAddress(), admins: { ann: { hash } } }
  const loaded = await loadConfig({ config: { gateway: settings }, user: false })
  const server = await serve({ loaded, otherwise: () => mockProvider(), port: 0, host: '0.0.0.0' })
  onTestFinished(() => server.close())
  const { port } = new URL(server.url)
  expect((await fetch(`http://127.0.0.1:${port}/v1/models`)).status).toBe(401)
})

it('guesses of one address do not shut out others, and are forgotten after a minute', () => {
  const admins = AdminKeys.of(adminKey) as AdminKeys
  const ask = (key: string, address: string, now: number) =>
    admins.nameOf(new Headers({ 'x-api-key': key }), address, now)
  for (let count = 0; count < 10; count++) expect(() => ask('wrong', 'a', 0)).toThrow('not an admin key')
  expect(() => ask(adminKey, 'a', 59_999)).toThrow('too many')
  expect(ask(adminKey, 'b', 0)).toBe('admin')
  expect(ask(adminKey, 'a', 60_000)).toBe('admin')
  // Addresses without end cost no memory without end, and do not free the first ones early.
  for (let count = 0; count < 20_000; count++)
    expect(() => ask('wrong', `x${count}`, 0)).toThrow('not an admin key')
})

it('the time of a comparison says nothing: each guess is hashed and compared with all keys in full', () => {
  const { key, hash } = newKey()
  const admins = AdminKeys.of(adminKey, { zoe: { hash } }) as AdminKeys
  const nameOf = (given: string) => admins.nameOf(new Headers({ authorization: `Bearer ${given}` }), 'a')
  const compared = vi.mocked(timingSafeEqual)
  for (const [given, name] of [
    [key, 'zoe'],
    [adminKey, 'admin'],
  ] as const) {
    compared.mockClear()
    expect(nameOf(given)).toBe(name)
    expect(compared).toHaveBeenCalledTimes(2)
  }
  for (const near of [adminKey.slice(0, -1), `${adminKey}x`, adminKey.toUpperCase(), 'x']) {
    compared.mockClear()
    expect(() => nameOf(near)).toThrow('not an admin key')
    expect(compared.mock.calls.map(([one, other]) => [one.byteLength, other.byteLength])).toEqual([
      [32, 32],
      [32, 32],
    ])
  }
})

it.each([
  '../../etc/passwd',
  'a/b',
  '<img src=x onerror=alert(1)>',
  '=cmd()',
  '@SUM(A1)',
  '-1+1',
  '__proto__',
  'a\nb',
  'ä',
  '',
  'x'.repeat(65),
])('the name %j is refused', async (name) => {
  const { admin } = await adminWorld()
  expect((await admin('POST', '/keys', { name })).status).toBe(400)
  expect((await admin('POST', '/teams', { name })).status).toBe(400)
  expect((await admin('GET', '/keys')).body).toEqual({ data: [] })
})

it('names that clients choose do no harm in CSV', async () => {
  const odd = ['=HYPERLINK("http://x","y")', '+1', '-1', '@x', '\t=1', 'a,"b"\r\nc']
  const providers = odd.map((model) => () => mockProvider({ model, answers: ['x'] }))
  for (const [index, make] of providers.entries()) {
    const { admin, ask, written } = await adminWorld({}, make)
    const { key } = (await admin('POST', '/keys', { name: 'ann' })).body
    expect((await ask(key)).status).toBe(200)
    await written()
    const { text, headers } = await admin('GET', '/spend?by=model&format=csv')
    expect(headers.get('content-type')).toContain('text/csv')
    const [head, ...rows] = text.split('\r\n')
    expect(head).toBe('model,requests,errors,inputTokens,outputTokens,cachedInputTokens,usd')
    expect([index, rows.some((row) => /^"?[=+\-@\t]/.test(row))]).toEqual([index, false])
    expect((await admin('GET', '/spend?by=model')).body.data[0].model).toBe(odd[index])
    // A name that a client chose, in a request that failed.
    await ask(key, '/v1/chat/completions', { model: odd[index], messages: 'none' })
    await written()
    const [errorHead, ...errors] = (await admin('GET', '/errors?by=model&format=csv')).text.split('\r\n')
    expect(errorHead).toBe('model,requests,last')
    expect(errors.length).toBeGreaterThan(0)
    expect([index, errors.some((row) => /^"?[=+\-@\t]/.test(row))]).toEqual([index, false])
  }
})

it('pages of other sites are refused, also those that may use the gateway', async () => {
  const { admin, url } = await adminWorld({ origins: ['https://app.example'] })
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'https://app.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])
    expect([headers, (await admin('GET', '/keys', undefined, headers)).status]).toEqual([headers, 403])
  const own = { origin: url, 'sec-fetch-site': 'same-origin' }
  expect((await admin('GET', '/keys', undefined, own)).status).toBe(200)
  // What a form of a page can send without being asked for.
  const form = await admin('POST', '/keys', '{"name":"ann"}', { 'content-type': 'text/plain' })
  expect(form.status).toBe(415)
})

it('SQL in any field is a value like any other', async () => {
  const { admin, ask, written } = await adminWorld()
  const { key } = (await admin('POST', '/keys', { name: 'ann' })).body
  const sql = `x'; DROP TABLE patchbay_keys; --`
  const escaped = encodeURIComponent(sql)
  await ask(key, '/v1/chat/completions', { model: sql, messages: [{ role: 'user', content: sql }] })
  await written()
  const found = (await admin('GET', `/requests?model=${escaped}`)).body.data
  expect(found).toMatchObject([{ key: 'ann', model: sql }])
  for (const field of [
    'key',
    'team',
    'model',
    'provider',
    'by',
    'from',
    'to',
    'limit',
    'before',
    'format',
    'error',
    'failed',
    'admin',
    'action',
    'name',
    'search',
    'after',
    'maxAge',
    escaped,
  ])
    for (const path of ['requests', 'spend', 'audit', 'errors', 'keys', 'teams', 'health?provider=none&'])
      for (const end of ['', '%00']) {
        const address = `/${path}${path.includes('?') ? '' : '?'}${field}=${escaped}${end}`
        expect([200, 400, 404]).toContain((await admin('GET', address)).status)
      }
  for (const path of [`/keys/${escaped}`, `/teams/${escaped}`]) {
    expect([404]).toContain((await admin('DELETE', path)).status)
    expect([404]).toContain((await admin('PATCH', path, {})).status)
  }
  for (const field of ['name', 'team', 'expires'])
    expect((await admin('POST', '/keys', { name: 'bob', [field]: sql })).status).toBe(400)
  expect((await ask(key)).status).toBe(200)
})

it('no key is in the log, in the metrics, in the records or in the database', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-secrets-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const lines: string[] = []
  const log = vi.spyOn(console, 'error').mockImplementation((...all) => void lines.push(all.join(' ')))
  onTestFinished(() => log.mockRestore())
  const { admin, ask, written, url } = await adminWorld({ database: `sqlite:${join(folder, 'gateway.db')}` })
  const { key } = (await admin('POST', '/keys', { name: 'ann' })).body
  const rotated = (await admin('POST', '/keys/ann/rotate', {})).body.key
  await ask(key, '/v1/chat/completions', {
    model: key,
    messages: [{ role: 'user', content: 'the secret question' }],
  })
  await admin('GET', '/keys', undefined, { authorization: 'Bearer a-wrong-admin-key' })
  await written()
  const metrics = await (await fetch(`${url}/metrics`, { headers: { 'x-api-key': rotated } })).text()
  const answers = await Promise.all(
    ['/requests', '/audit', '/keys'].map(async (path) => (await admin('GET', path)).text),
  )
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'))
  expect(files.join('').includes('ann')).toBe(true)
  for (const text of [...lines, metrics, ...answers, ...files])
    for (const secret of [key, rotated, adminKey, 'a-wrong-admin-key', 'the secret question'])
      expect(text.includes(secret)).toBe(false)
})

it('bodies are small', async () => {
  const { admin } = await adminWorld()
  expect((await admin('POST', '/keys', { name: 'x', providers: ['y'.repeat(70_000)] })).status).toBe(413)
})

it('the audit trail holds nothing that was not checked, and can be read whatever was sent', async () => {
  const { admin } = await adminWorld()
  await admin('POST', '/keys', { name: 'ann' })
  expect((await admin('DELETE', '/keys/ann', 'sk-not-json')).status).toBe(200)
  const { status, text } = await admin('GET', '/audit')
  expect(status).toBe(200)
  expect(text).not.toContain('sk-not-json')
})

it('numbers without measure are refused, and names of providers that are none', async () => {
  const { admin } = await adminWorld({ aliases: { fast: 'main' } }, undefined, {
    providers: { main: 'openai:gpt-5' },
  })
  await admin('POST', '/keys', { name: 'ann' })
  expect((await admin('POST', '/keys/ann/rotate', { overlap: 1e16 })).status).toBe(400)
  const endless = '{"name":"red","limit":{"requestsPerMinute":1e999}}'
  expect((await admin('POST', '/teams', endless)).status).toBe(400)
  expect((await admin('POST', '/keys', { name: 'bob', providers: ['fast'] })).status).toBe(400)
  expect((await admin('POST', '/keys', { name: 'bob', providers: ['main'] })).status).toBe(201)
  expect((await admin('GET', '/keys')).status).toBe(200)
})
