// Keys that are made at run time: told once, valid at once in all protocols, with the rights that keys of the configuration have.
import { readFileSync } from 'node:fs'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { adminWorld, sqliteAddress } from '../../test/admin-world.js'
import { newKey } from '../index.js'

it('a key is told once, is valid at once, and is stored only as a hash', async () => {
  const database = sqliteAddress()
  const { admin, ask } = await adminWorld({ database })
  expect((await ask(undefined)).status).toBe(401)
  const made = await admin('POST', '/keys', { name: 'ann' })
  expect(made.status).toBe(201)
  expect(Object.keys(made.body)).toEqual(['name', 'key'])
  expect(made.body.name).toBe('ann')
  expect((await ask(made.body.key)).status).toBe(200)
  const listed = await admin('GET', '/keys')
  expect(listed.body.data).toMatchObject([{ name: 'ann', source: 'database' }])
  expect(listed.text).not.toContain(made.body.key)
  expect((await admin('GET', '/keys/ann')).body).toMatchObject({ name: 'ann' })
  const file = database.slice('sqlite:'.length)
  const stored = ['', '-wal'].map((end) => readFileSync(`${file}${end}`, 'latin1')).join('')
  expect(stored).toContain('ann')
  expect(stored).not.toContain(made.body.key)
})

it('a key works in all protocols', async () => {
  const { admin, ask } = await adminWorld()
  const { key } = (await admin('POST', '/keys', { name: 'ann' })).body
  const messages = [{ role: 'user', content: 'Hi' }]
  const calls: [string, object][] = [
    ['/v1/chat/completions', { messages }],
    ['/v1/responses', { input: 'Hi' }],
    ['/v1/completions', { prompt: 'Hi' }],
    ['/v1/messages', { messages, max_tokens: 10 }],
    ['/api/chat', { model: 'default', messages, stream: false }],
    ['/api/generate', { model: 'default', prompt: 'Hi', stream: false }],
  ]
  for (const [path, body] of calls) {
    expect([path, (await ask(key, path, body)).status]).toEqual([path, 200])
    expect([path, (await ask(`${key}x`, path, body)).status]).toEqual([path, 401])
  }
})

it('limits, budgets and providers hold as for keys of the configuration, and follow their changes', async () => {
  const providers = { one: { use: 'local' as const }, two: { use: 'local' as const } }
  const { admin, ask } = await adminWorld({}, undefined, { default: 'one', providers })
  const to = (model: string) => ({ model, max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }] })
  const { key } = (await admin('POST', '/keys', { name: 'ann', providers: ['one'] })).body
  expect((await ask(key, undefined, to('one'))).status).toBe(200)
  expect((await ask(key, undefined, to('two'))).status).toBe(403)
  const changed = await admin('PATCH', '/keys/ann', { providers: null, limit: { requestsPerMinute: 1 } })
  expect(changed.body).toMatchObject({ name: 'ann', limit: { requestsPerMinute: 1 } })
  expect(changed.body.providers).toBeUndefined()
  expect((await ask(key, undefined, to('two'))).status).toBe(200)
  expect((await ask(key, undefined, to('two'))).status).toBe(429)
  await admin('PATCH', '/keys/ann', { limit: null, budget: [{ per: 'day', tokens: 1 }] })
  const refused = await ask(key, undefined, to('two'))
  expect([refused.status, refused.text]).toEqual([429, expect.stringContaining('budget')])
  await admin('PATCH', '/keys/ann', { budget: null })
  expect((await ask(key, undefined, to('two'))).status).toBe(200)
})

it('the budget and the providers of a team hold for all its keys together', async () => {
  const usage = { inputTokens: 60, outputTokens: 0 }
  const answers = Array.from({ length: 3 }, () => ({ text: 'x', usage }))
  const { admin, ask } = await adminWorld({}, () => mockProvider({ answers }))
  expect((await admin('POST', '/keys', { name: 'ann', team: 'none' })).status).toBe(400)
  const budget = [{ per: 'day', tokens: 100 }]
  expect((await admin('POST', '/teams', { name: 'red', budget })).body).toMatchObject({ name: 'red', budget })
  const keys = await Promise.all(
    ['ann', 'bob'].map(async (name) => (await admin('POST', '/keys', { name, team: 'red' })).body.key),
  )
  const body = { max_tokens: 5, messages: [{ role: 'user', content: 'Hi' }] }
  expect((await ask(keys[0], undefined, body)).status).toBe(200)
  expect((await ask(keys[1], undefined, body)).status).toBe(200)
  expect((await ask(keys[1], undefined, body)).status).toBe(429)
  expect((await ask(keys[0], undefined, body)).status).toBe(429)
  await admin('PATCH', '/teams/red', { budget: null })
  expect((await ask(keys[0], undefined, body)).status).toBe(200)
  expect((await admin('DELETE', '/teams/red')).status).toBe(409)
  await admin('PATCH', '/keys/ann', { team: null })
  await admin('DELETE', '/keys/bob')
  expect((await admin('DELETE', '/teams/red')).body).toEqual({ name: 'red', deleted: true })
  expect((await admin('GET', '/teams')).body).toEqual({ data: [] })
})

it('a deleted key is refused, and the gateway stays closed without any key', async () => {
  const { admin, ask } = await adminWorld()
  const { key } = (await admin('POST', '/keys', { name: 'ann' })).body
  expect((await ask(key)).status).toBe(200)
  expect((await admin('DELETE', '/keys/ann')).body).toEqual({ name: 'ann', deleted: true })
  expect((await ask(key)).status).toBe(401)
  expect((await ask(undefined)).status).toBe(401)
  expect((await admin('DELETE', '/keys/ann')).status).toBe(404)
})

it('another instance on the same database sees new, changed and deleted keys', async () => {
  const database = sqliteAddress()
  const [one, other] = [await adminWorld({ database }), await adminWorld({ database })]
  const { key } = (await one.admin('POST', '/keys', { name: 'ann' })).body
  const until = (status: number) =>
    vi.waitFor(async () => expect((await other.ask(key)).status).toBe(status), {
      timeout: 20_000,
      interval: 50,
    })
  await until(200)
  await one.admin('DELETE', '/keys/ann')
  await until(401)
})

it('after a rotation the old key is valid for the overlap', async () => {
  const { admin, ask } = await adminWorld()
  const first = (await admin('POST', '/keys', { name: 'ann' })).body.key
  const second = (await admin('POST', '/keys/ann/rotate', { overlap: 60_000 })).body
  expect(Object.keys(second)).toEqual(['name', 'key'])
  for (const key of [first, second.key]) expect((await ask(key)).status).toBe(200)
  expect((await admin('GET', '/keys/ann')).body.previousUntil).toMatch(/^\d{4}-/)
  const third = (await admin('POST', '/keys/ann/rotate', { overlap: 0 })).body.key
  for (const key of [first, second.key]) expect((await ask(key)).status).toBe(401)
  expect((await ask(third)).status).toBe(200)
  const fourth = (await admin('POST', '/keys/ann/rotate', { overlap: 1 })).body.key
  await vi.waitFor(async () => expect((await ask(third)).text).toContain('was replaced'))
  expect((await ask(fourth)).status).toBe(200)
})

it('a key is valid until it expires', async () => {
  const { admin, ask } = await adminWorld()
  const { key } = (await admin('POST', '/keys', { name: 'ann', expires: '2100-01-01T00:00:00Z' })).body
  expect((await ask(key)).status).toBe(200)
  expect((await admin('GET', '/keys/ann')).body.expires).toBe('2100-01-01T00:00:00.000Z')
  await admin('PATCH', '/keys/ann', { expires: Date.now() - 1 })
  expect((await ask(key)).text).toContain('expired')
  await admin('PATCH', '/keys/ann', { expires: null })
  expect((await ask(key)).status).toBe(200)
})

describe('is refused, and says why:', () => {
  it.each<[string, unknown, string]>([
    ['a body that is no JSON', '{', 'must be JSON'],
    ['a name that is missing', {}, 'name'],
    ['an option that does not exist', { name: 'x', quota: 1 }, 'quota'],
    ['a provider that does not exist', { name: 'x', providers: ['nope'] }, 'no provider'],
    ['a limit that is none', { name: 'x', limit: { requestsPerMinute: 'many' } }, 'requestsPerMinute'],
    ['a budget of nothing', { name: 'x', budget: [{ per: 'day' }] }, 'budget'],
    ['an end that is no date', { name: 'x', expires: 'soon' }, 'expires'],
    ['an end that others read differently', { name: 'x', expires: '01/02/2030' }, 'expires'],
    ['an end after all dates', { name: 'x', expires: 9e15 }, 'expires'],
  ])('%s', async (_, body, message) => {
    const { admin } = await adminWorld()
    const answer = await admin('POST', '/keys', body)
    expect([answer.status, answer.body.error.message]).toEqual([400, expect.stringContaining(message)])
    expect((await admin('GET', '/keys')).body.data).toEqual([])
  })
})

it('keys of the configuration are listed, and only changed there', async () => {
  const { key, hash } = newKey()
  const { admin, ask } = await adminWorld({ keys: { ann: { hash } } })
  expect((await ask(key)).status).toBe(200)
  expect((await admin('GET', '/keys')).body.data).toEqual([{ name: 'ann', source: 'configuration' }])
  for (const [method, path] of [
    ['POST', '/keys'],
    ['PATCH', '/keys/ann'],
    ['DELETE', '/keys/ann'],
    ['POST', '/keys/ann/rotate'],
  ] as const)
    expect(
      (await admin(method, path, method === 'POST' && path === '/keys' ? { name: 'ann' } : {})).status,
    ).toBe(409)
})

it('a key of the database whose name the configuration has since then is deleted, and that of the configuration stays', async () => {
  const database = sqliteAddress()
  const first = await adminWorld({ database })
  const { key } = (await first.admin('POST', '/keys', { name: 'ann' })).body
  await first.gateway.close()
  const own = newKey()
  const { admin, ask } = await adminWorld({ database, keys: { ann: { hash: own.hash } } })
  expect((await ask(key)).status).toBe(200)
  expect((await admin('DELETE', '/keys/ann')).status).toBe(200)
  expect((await ask(key)).status).toBe(401)
  expect((await ask(own.key)).status).toBe(200)
  expect((await admin('DELETE', '/keys/ann')).status).toBe(409)
  expect((await admin('DELETE', '/keys/bob')).status).toBe(404)
})

it.each([
  '2100-01-01T12:00',
  '2100-01-01 12:00:00',
  '2100-01-01T12:00:00Z',
  '2100-01-01T14:00:00+02:00',
])('a time without a zone is UTC, wherever the gateway runs: %s', async (expires) => {
  const zone = process.env.TZ
  process.env.TZ = 'America/Lima'
  onTestFinished(() => {
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
  })
  expect(new Date('2100-01-01T12:00').toISOString()).toBe('2100-01-01T17:00:00.000Z')
  const { admin } = await adminWorld()
  await admin('POST', '/keys', { name: 'ann', expires })
  expect((await admin('GET', '/keys/ann')).body.expires).toBe('2100-01-01T12:00:00.000Z')
})

it('requests until a day include that day; until a time, they end before it', async () => {
  const { admin, ask, written } = await adminWorld()
  const { key } = (await admin('POST', '/keys', { name: 'ann' })).body
  expect((await ask(key)).status).toBe(200)
  await written()
  const [{ at }] = (await admin('GET', '/requests?key=ann')).body.data
  const day = at.slice(0, 10)
  const count = async (query: string) => (await admin('GET', `/requests?key=ann&${query}`)).body.data.length
  expect(await count(`from=${day}&to=${day}`)).toBe(1)
  expect(await count(`to=${day}T00:00`)).toBe(0)
  expect(await count(`to=${at}`)).toBe(0)
  expect(await count(`from=${at}`)).toBe(1)
})

it.each([
  '2026-02-31',
  '2026-02-30T10:00:00Z',
  '2026-13-01',
  'tomorrow',
])('a day that does not exist is refused: %s', async (expires) => {
  const { admin } = await adminWorld()
  const { status, text } = await admin('POST', '/keys', { name: 'ann', expires })
  expect([status, text]).toEqual([400, expect.stringContaining('expires')])
})

it('CSV without rows has its columns', async () => {
  const { admin } = await adminWorld()
  const { text } = await admin('GET', '/spend?by=key,day&format=csv&to=2000-01-01')
  expect(text).toBe('key,day,requests,errors,inputTokens,outputTokens,cachedInputTokens,usd\r\n')
})
