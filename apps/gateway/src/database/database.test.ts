// The database stands beside calls: several instances share it, and one that is slow, full or gone costs no call.
import { createServer } from 'node:net'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { missingPostgres, startPostgres } from '../../../../examples/test/postgres-server.js'
import { type AdminWorld, adminWorld, sqliteAddress } from '../../test/admin-world.js'
import { newKey } from '../index.js'

const missing = missingPostgres()
if (missing !== undefined) process.stderr.write(`Skipped: tests with a real Postgres: ${missing}.\n`)

async function postgres() {
  const server = await startPostgres()
  onTestFinished(() => server.stop())
  return server
}

const { key, hash } = newKey()
const keys = { own: { hash } }
const usage = { inputTokens: 3, outputTokens: 2 }
const provider = () => mockProvider({ answers: Array.from({ length: 2000 }, () => ({ text: 'x', usage })) })
const until = <T>(check: () => Promise<T>) => vi.waitFor(check, { timeout: 40_000, interval: 100 })

async function metric({ url }: AdminWorld, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`, { headers: { 'x-api-key': key } })).text()
  const line = text.split('\n').find((one) => one.startsWith(`${name} `))
  return Number(line?.slice(name.length + 1))
}

const requestsOf = async ({ admin }: AdminWorld) =>
  (await admin('GET', '/spend?by=key')).body.data.find((row: { key: string }) => row.key === 'own')

describe.each([
  ['SQLite', async () => sqliteAddress(), false],
  ['Postgres', async () => (await postgres()).url, missing !== undefined],
] as const)('%s', (_, address, isSkipped) => {
  it.skipIf(isSkipped)('is shared by three instances that start together', async () => {
    const database = await address()
    const instances = await Promise.all([1, 2, 3].map(() => adminWorld({ database, keys }, provider)))
    const [first, second, third] = instances as [AdminWorld, AdminWorld, AdminWorld]
    const made = (await first.admin('POST', '/keys', { name: 'ann', expires: '2100-01-01T00:00:00Z' })).body
    for (const one of [second, third])
      await until(async () => expect((await one.ask(made.key)).status).toBe(200))
    await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        instances[index % 3]?.ask(key).then(({ status }) => expect(status).toBe(200)),
      ),
    )
    await until(async () =>
      expect(await requestsOf(third)).toMatchObject({ requests: 60, inputTokens: 180, outputTokens: 120 }),
    )
    const one = await first.admin('GET', '/requests?key=own&limit=40')
    const two = await first.admin('GET', `/requests?key=own&limit=40&before=${one.body.next}`)
    const ids = [...one.body.data, ...two.body.data].map(({ id }: { id: string }) => id)
    expect(new Set(ids).size).toBe(60)
    expect(two.body.next).toBeUndefined()
    // The same answers from both databases.
    await first.ask(key, '/v1/chat/completions', { messages: 'none' })
    const today = new Date().toISOString().slice(0, 10)
    await until(async () =>
      expect((await second.admin('GET', '/errors?by=day,provider,error')).body.data).toEqual([
        { day: today, provider: null, error: 'invalid-request', requests: 1, last: expect.any(String) },
      ]),
    )
    for (const name of ['b1', 'b2', 'b3']) await first.admin('POST', '/teams', { name })
    for (const name of ['k.b_1', 'k.bx1', 'k.c']) await first.admin('POST', '/keys', { name })
    const names = async (path: string) => {
      const { data, next } = (await first.admin('GET', path)).body
      return [data.map(({ name }: { name: string }) => name), next]
    }
    // No wildcards: the text itself.
    expect(await names('/keys?search=B_')).toEqual([['k.b_1'], undefined])
    expect(await names('/keys?search=%25')).toEqual([[], undefined])
    expect(await names('/teams?limit=2')).toEqual([['b1', 'b2'], 'b2'])
    expect(await names('/teams?limit=2&after=b2')).toEqual([['b3'], undefined])
    await third.admin('DELETE', '/keys/ann')
    for (const one of [first, second])
      await until(async () => expect((await one.ask(made.key)).status).toBe(401))
  })
})

describe.skipIf(missing !== undefined)('a Postgres', () => {
  it('that is frozen costs no call, and nothing is lost when it goes on', async () => {
    const server = await postgres()
    const world = await adminWorld({ database: server.url, keys }, provider)
    expect((await world.ask(key)).status).toBe(200)
    server.pause()
    for (let call = 0; call < 50; call++) expect((await world.ask(key)).status).toBe(200)
    expect(await metric(world, 'patchbay_database_waiting')).toBeGreaterThanOrEqual(50)
    server.resume()
    await until(async () => expect(await requestsOf(world)).toMatchObject({ requests: 51, inputTokens: 153 }))
    expect(await metric(world, 'patchbay_database_records_total{result="lost"}')).toBe(0)
  })

  it('that is gone costs no call, and the log says so', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => log.mockRestore())
    const server = await postgres()
    const world = await adminWorld({ database: server.url, keys }, provider)
    const made = (await world.admin('POST', '/keys', { name: 'ann' })).body
    await server.stop()
    await until(async () => expect(await metric(world, 'patchbay_database_up')).toBe(0))
    for (const one of [key, made.key]) expect((await world.ask(one)).status).toBe(200)
    expect((await world.admin('GET', '/keys')).status).toBe(503)
    expect((await world.admin('POST', '/keys', { name: 'bob' })).status).toBe(503)
    const lines = log.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('database'))
    expect(lines).toEqual([expect.stringMatching(/^The database cannot be used: .*Calls go on/)])
  })
})

it('a gateway whose database is gone starts, and its own keys work; others are not refused as unknown', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => log.mockRestore())
  const database = `postgres://app:the-password@127.0.0.1:${await unusedPort()}/none`
  const { ask } = await adminWorld({ database, keys }, provider)
  expect((await ask(key)).status).toBe(200)
  expect((await ask('another')).status).toBe(503)
  expect((await ask(undefined)).status).toBe(401)
  expect(log.mock.calls.join()).toContain('cannot be used')
  expect(log.mock.calls.join()).not.toContain('the-password')
})

it('a server that accepts connections and never answers delays neither the calls nor the end', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => log.mockRestore())
  const silent = createServer((socket) => socket.on('error', () => {}).resume())
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void silent.close())
  const { port } = silent.address() as { port: number }
  const { ask, gateway } = await adminWorld(
    { database: `postgres://app@127.0.0.1:${port}/none`, keys, drain: 100 },
    provider,
  )
  expect((await ask(key)).status).toBe(200)
  await gateway.close()
  await expect(ask(key)).rejects.toThrow()
})

it.each([
  ['mysql://host/db', 'gateway.database must be sqlite:FILE or postgres://'],
  ['gateway.db', 'gateway.database must be'],
])('the address %s is refused at start', async (database, message) => {
  await expect(adminWorld({ database, keys }, provider)).rejects.toThrow(message)
})

it('requests without a valid key, and those that ask no model, are not stored', async () => {
  const world = await adminWorld({ keys }, provider)
  for (let call = 0; call < 20; call++) expect((await world.ask('wrong')).status).toBe(401)
  await world.ask(key, '/v1/messages/count_tokens', { messages: [{ role: 'user', content: 'Hi' }] })
  await world.ask(key, '/v1/nothing', {})
  const foreign = { 'content-type': 'application/json', origin: 'http://elsewhere.example' }
  const page = await fetch(`${world.url}/v1/messages`, { method: 'POST', headers: foreign, body: '{}' })
  expect(page.status).toBe(403)
  await world.admin('GET', '/keys')
  expect((await world.ask(key)).status).toBe(200)
  await world.written()
  expect((await world.admin('GET', '/requests')).body.data).toHaveLength(1)
})

it('records beyond the bound are dropped and counted, and the rest is kept', async () => {
  const { RecordWriter } = await import('./record-writer.js')
  const told: unknown[] = []
  let isGone = true
  const stored = new Set<string>()
  const writer = new RecordWriter({
    write: async (rows) => {
      if (isGone) throw new Error('disk full')
      for (const { id } of rows) stored.add(id)
    },
    onChange: (problem) => void told.push(problem === undefined ? 'works' : 'fails'),
    onLost: (rows) => void told.push(rows),
  })
  const row = (id: number) => ({ id: String(id) }) as Parameters<typeof writer.add>[0]
  for (let id = 0; id < 10_100; id++) writer.add(row(id))
  await vi.waitFor(() => expect(told).toEqual(['fails']))
  expect([writer.waiting, writer.lost]).toEqual([10_000, 100])
  isGone = false
  await writer.close()
  expect([stored.size, writer.waiting, writer.written]).toEqual([10_000, 0, 10_000])
  expect(told).toEqual(['fails', 100, 'works'])
})

it('records that are lost at the end are told as lost, and not that the database works', async () => {
  const { RecordWriter } = await import('./record-writer.js')
  const told: unknown[] = []
  const writer = new RecordWriter({
    write: async () => {
      throw new Error('disk full')
    },
    onChange: (problem) => void told.push(problem === undefined ? 'works' : 'fails'),
    onLost: (rows) => void told.push(rows),
  })
  for (let id = 0; id < 3; id++) writer.add({ id: String(id) } as Parameters<typeof writer.add>[0])
  await writer.close()
  expect([told, writer.lost]).toEqual([['fails', 3], 3])
})

it.each([
  ['comes', 2],
  ['never comes', undefined],
] as const)('a record whose price %s while the gateway ends is stored', async (_, usd) => {
  const { GatewayDatabase } = await import('./gateway-database.js')
  const address = sqliteAddress()
  const database = new GatewayDatabase({ address, keepRequests: 30 })
  await until(async () => expect(database.isUp).toBe(true))
  const record = { id: 'r1', method: 'POST', path: '/v1/messages', streamed: false, status: 200, ms: 1 }
  database.add(record, () =>
    usd === undefined ? new Promise(() => {}) : new Promise((done) => setImmediate(() => done(usd))),
  )
  await database.close()
  const next = new GatewayDatabase({ address, keepRequests: 30 })
  await until(async () => expect(next.isUp).toBe(true))
  const rows = await next.use((db) => db.selectFrom('patchbay_requests').select(['id', 'usd']).execute())
  await next.close()
  expect(rows).toEqual([{ id: 'r1', usd: usd ?? null }])
})

it('keys that were read late do not replace newer ones', async () => {
  const { openDatabase } = await import('./open.js')
  const { migrate } = await import('./migrations.js')
  const { RuntimeKeys } = await import('./runtime-keys.js')
  const db = await openDatabase(sqliteAddress())
  onTestFinished(() => db.destroy())
  await migrate(db)
  const keys = new RuntimeKeys()
  const { key, hash } = newKey()
  const row = { name: 'ann', hash: hash.slice('sha256:'.length), rights: '{}', created: 0 }
  const rest = { previous_hash: null, previous_until: null, team: null, expires: null }
  await db
    .insertInto('patchbay_keys')
    .values({ ...row, ...rest })
    .execute()
  await db.updateTable('patchbay_changes').set({ version: 1 }).execute()
  // The first has read, and is held up before it goes on.
  let goOn: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    goOn = resolve
  })
  let hasRead: () => void = () => {}
  const read = new Promise<void>((resolve) => {
    hasRead = resolve
  })
  const slow = new Proxy(db, {
    get: (target, name) => {
      if (name !== 'selectFrom') return Reflect.get(target, name)
      return (table: 'patchbay_teams') => {
        const query = target.selectFrom(table)
        if (table !== 'patchbay_teams') return query
        const execute = async () => {
          hasRead()
          await held
          return []
        }
        return { selectAll: () => ({ execute }) }
      }
    },
  })
  const late = keys.refresh(slow)
  await read
  await db.deleteFrom('patchbay_keys').execute()
  await db.updateTable('patchbay_changes').set({ version: 2 }).execute()
  await keys.refresh(db)
  expect(keys.find(key)).toBeUndefined()
  goOn()
  await late
  expect(keys.find(key)).toBeUndefined()
})

it('a write that was committed and then repeated counts once', async () => {
  const { openDatabase } = await import('./open.js')
  const { migrate } = await import('./migrations.js')
  const { writeRequests } = await import('./record-writer.js')
  const { rowOf } = await import('./request-row.js')
  const db = await openDatabase(sqliteAddress())
  onTestFinished(() => db.destroy())
  await migrate(db)
  const record = {
    method: 'POST',
    path: '/v1/messages',
    streamed: false,
    status: 200,
    ms: 1,
    usage,
    cost: 0.5,
  }
  const rows = ['a', 'b'].map((id) => rowOf({ id, ...record }))
  await writeRequests(db, rows)
  await writeRequests(db, [...rows, rowOf({ id: 'c', ...record })])
  expect(await db.selectFrom('patchbay_spend').select(['requests', 'input_tokens', 'usd']).execute()).toEqual(
    [{ requests: 3, input_tokens: 9, usd: 1.5 }],
  )
})

/** A port that nothing listens on. */
function unusedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
