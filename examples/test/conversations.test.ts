// Conversations in SQLite and Postgres: each program runs twice, and remembers the second time.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storeMessages } from '@patchbay/core/messages'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startFirstServices } from './first-services.js'
import { missingPostgres, startPostgres } from './postgres-server.js'
import { at, runProgram } from './run.js'

let services: Awaited<ReturnType<typeof startFirstServices>>
beforeAll(async () => {
  services = await startFirstServices()
})
afterAll(() => services.close())

async function remembers(name: string, env: Record<string, string>): Promise<void> {
  const ask = (question: string) =>
    runProgram(at(`conversations/${name}.ts`), { ...services.env, ...env, QUESTION: question })
  expect(await ask('My name is Zoe.')).toBe('Nice to meet you, Zoe.\n')
  expect(await ask('What is my name?')).toBe('Your name is Zoe.\n')
  expect(services.refused).toEqual([])
}

it('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chat-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  await remembers('sqlite', { CHAT_DB: join(folder, 'chat.db') })
})

const missing = missingPostgres()
describe.skipIf(missing)(`Postgres${missing === undefined ? '' : `: skipped, ${missing}`}`, () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>
  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres?.stop())

  it('remembers', () => remembers('postgres', postgres.env))

  it('keeps every text in a json column, which jsonb does not', async () => {
    const { PGHOST: host = '', PGUSER: user, PGDATABASE: database } = postgres.env
    const client = new pg.Client({ host, user, database })
    await client.connect()
    onTestFinished(() => client.end())
    const stored = storeMessages([{ role: 'user', content: 'nul \u0000, half a pair \ud83d' }])
    const { rows } = await client.query('SELECT $1::json AS kept', [JSON.stringify(stored)])
    expect(rows[0].kept).toEqual(stored)
    await expect(client.query('SELECT $1::jsonb', [JSON.stringify(stored)])).rejects.toThrow(
      /unicode|escape|text/i,
    )
  })
})
