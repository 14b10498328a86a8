// What admins see of providers: health, as the gateway checks it, and errors by provider and code.
import type { OpenAIEntry } from '@patchbay/config'
import { LlmError } from '@patchbay/core'
import { faultServer, mockProvider } from '@patchbay/testing'
import { expect, it, onTestFinished } from 'vitest'
import { adminWorld } from '../../test/admin-world.js'
import { over } from '../../test/served.js'

/** A gateway over two others: one that answers, and one that is busy. */
async function world(more: Pick<OpenAIEntry, 'policies'> = {}) {
  const good = mockProvider({ retry: false, embeddings: true })
  const bad = mockProvider({
    retry: false,
    answers: Array.from({ length: 20 }, () => new LlmError('overloaded', 'Too busy.')),
  })
  const inner = [await over(() => good), await over(() => bad)]
  onTestFinished(async () => {
    await Promise.all(inner.map((one) => one.close()))
  })
  const entry = (at: number) => ({
    use: 'openai' as const,
    api: 'chat' as const,
    model: 'default',
    baseURL: `${inner[at]?.url}/v1`,
    apiKey: 'none',
    retry: false as const,
  })
  const gone = { ...entry(0), baseURL: 'http://127.0.0.1:1/v1' }
  const config = {
    default: 'good',
    providers: { good: { ...entry(0), ...more }, bad: entry(1), gone, plain: entry(0) },
  }
  return { ...(await adminWorld({}, undefined, config)), good }
}

it('health says which providers answer, what they can do, and why others do not', async () => {
  const { admin } = await world()
  const { status, body } = await admin('GET', '/health')
  expect(status).toBe(200)
  const [good, bad, gone] = body.data
  expect(good).toMatchObject({
    name: 'good',
    provider: 'openai',
    ok: true,
    findings: { text: { outcome: 'yes' }, stream: { outcome: 'yes' } },
  })
  expect(bad).toMatchObject({
    name: 'bad',
    ok: false,
    findings: { text: { outcome: 'failed', detail: expect.stringContaining('overloaded') } },
  })
  expect(gone).toMatchObject({
    name: 'gone',
    ok: false,
    findings: { text: { outcome: 'failed', detail: expect.stringContaining('network') } },
  })
})

it('health is asked for once at a time, and kept for a minute or as long as the admin says', async () => {
  const { admin, good } = await world()
  const both = await Promise.all([1, 2].map(() => admin('GET', '/health?provider=good')))
  const asked = good.requests.length
  expect(asked).toBeGreaterThan(0)
  expect(both[0]?.body).toEqual(both[1]?.body)
  expect((await admin('GET', '/health?provider=good')).body).toEqual(both[0]?.body)
  expect(good.requests).toHaveLength(asked)
  await admin('GET', '/health?provider=good&maxAge=0')
  expect(good.requests).toHaveLength(asked * 2)
  expect((await admin('GET', '/health?provider=nobody')).status).toBe(404)
  expect((await admin('GET', '/health?maxAge=soon')).status).toBe(400)
})

it('health is never answered by a cache of the provider', async () => {
  const { admin, good } = await world({ policies: ['cache', { semanticCache: { embedder: 'plain' } }] })
  const check = async () => (await admin('GET', '/health?provider=good&maxAge=0')).body.data[0]
  expect(await check()).toMatchObject({ ok: true })
  const asked = good.requests.length
  expect(await check()).toMatchObject({ ok: true })
  expect(good.requests).toHaveLength(asked * 2)
})

it('checks of health count for no key', async () => {
  const { admin, written } = await world()
  await admin('GET', '/health')
  await written()
  expect((await admin('GET', '/requests')).body.data).toEqual([])
})

it('health holds no key of a provider, even if the service repeats it', async () => {
  const secret = 'sk-proj-abcdefghijklmnopqrstuvwxyz0123456789'
  const told = await faultServer(({ headers }) => ({
    status: 401,
    body: JSON.stringify({ error: { message: `Incorrect API key: ${headers.authorization}` } }),
  }))
  onTestFinished(() => told.close())
  const { admin } = await adminWorld({}, undefined, {
    default: 'main',
    providers: {
      main: { use: 'openai', api: 'chat', model: 'm', baseURL: `${told.url}/v1`, apiKey: secret },
    },
  })
  const { text, body } = await admin('GET', '/health')
  expect(body.data[0].findings.text.detail).toContain('authentication')
  expect(text).not.toContain(secret)
})

it('errors are counted by provider and code, and found again among the requests', async () => {
  const { admin, ask, written } = await world()
  const { key } = (await admin('POST', '/keys', { name: 'ann' })).body
  const messages = [{ role: 'user', content: 'Hi' }]
  for (const model of ['good', 'bad', 'bad', 'gone'])
    await ask(key, '/v1/chat/completions', { model, messages })
  await ask(key, '/v1/chat/completions', { model: 'good', messages: 'none' })
  await written()
  const { data } = (await admin('GET', '/errors')).body
  const last = expect.stringMatching(/^\d{4}-/)
  expect(data).toHaveLength(3)
  expect(data[0]).toEqual({ provider: 'openai', error: 'overloaded', requests: 2, last })
  expect(data).toContainEqual({ provider: 'openai', error: 'network', requests: 1, last })
  expect(data).toContainEqual({ provider: null, error: 'invalid-request', requests: 1, last })
  const today = new Date().toISOString().slice(0, 10)
  const byDay = (await admin('GET', `/errors?by=day,status,key&from=${today}&to=${today}`)).body.data
  expect(byDay).toContainEqual({ day: today, status: 400, key: 'ann', requests: 1, last })
  expect((await admin('GET', '/errors?to=2020-01-01')).body.data).toEqual([])
  expect((await admin('GET', '/errors?by=at')).status).toBe(400)
  const csv = await admin('GET', '/errors?format=csv')
  expect(csv.text).toMatch(/^provider,error,requests,last\r\nopenai,overloaded,2,/)
  const rows = async (query: string) => (await admin('GET', `/requests?${query}`)).body.data
  expect(await rows('error=overloaded')).toHaveLength(2)
  expect(await rows('failed=true')).toHaveLength(4)
  expect(await rows('failed=false')).toMatchObject([{ model: 'good', status: 200 }])
})

it('the audit trail is filtered by admin, action and name', async () => {
  const { admin } = await adminWorld()
  await admin('POST', '/keys', { name: 'ann' })
  await admin('POST', '/keys', { name: 'bob' })
  await admin('POST', '/keys/ann/rotate', {})
  const actions = async (query: string) =>
    (await admin('GET', `/audit?${query}`)).body.data.map(({ action }: { action: string }) => action)
  expect(await actions('name=ann')).toEqual(['rotateKey', 'createKey'])
  expect(await actions('action=createKey')).toHaveLength(2)
  expect(await actions('admin=nobody')).toEqual([])
})
