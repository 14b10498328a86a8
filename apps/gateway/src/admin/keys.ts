// Operations on keys. A key is told once, when it is made or rotated; the database has its hash.
import { LlmError } from '@patchbay/core'
import { requestError } from '../answer/http-status.js'
import { type Rights, rightsOf } from '../database/runtime-keys.js'
import type { Database, KeyRow } from '../database/tables.js'
import { newKey } from '../server/api-keys.js'
import { momentOf } from './moment.js'
import { namePage, nextName, pageOf, pageSize, patternOf } from './name-pages.js'
import { type AdminCall, operation } from './operation.js'
import { changedRightsOf, checkProviders, notFound } from './rights.js'
import * as schema from './schemas.js'

type NewKeyBody = Rights & { name: string; team?: string; expires?: string | number }
type KeyChange = { [Name in keyof Rights]: Rights[Name] | null } & {
  team?: string | null
  expires?: string | number | null
}

const keyAnswer = schema.closed(
  {
    name: schema.text,
    source: {
      enum: ['database', 'configuration'],
      description: 'Only keys of the database can be changed here.',
    },
    team: schema.text,
    ...schema.rights,
    expires: schema.time,
    previousUntil: { ...schema.time, description: 'Until when the key before the last rotation is valid.' },
    created: schema.time,
  },
  ['name', 'source'],
)
const told = schema.closed(
  { name: schema.text, key: { ...schema.text, description: 'It is told only now.' } },
  ['name', 'key'],
)

export const keyOperations = [
  operation<NewKeyBody>({
    id: 'createKey',
    method: 'post',
    path: '/keys',
    summary: 'Makes a key. It is valid at once.',
    body: schema.closed({ name: schema.name, team: schema.name, ...schema.rights, expires: schema.expires }, [
      'name',
    ]),
    status: 201,
    answer: told,
    async run({ body: { name, team = null, expires, ...rights }, change, ...call }) {
      checkNotConfigured(name, call, 409)
      checkProviders(rights.providers, call.providers)
      const { key, row } = made()
      await change(name, async (db) => {
        await checkTeam(db, team)
        const added = await db
          .insertInto('patchbay_keys')
          .values({
            name,
            ...row,
            previous_hash: null,
            previous_until: null,
            team,
            rights: JSON.stringify(rights),
            expires: expires === undefined ? null : timeOf(expires),
            created: Date.now(),
          })
          .onConflict((conflict) => conflict.column('name').doNothing())
          .returning('name')
          .executeTakeFirst()
        if (added === undefined) throw requestError(`There is a key ${name} already.`, 409)
      })
      return { name, key }
    },
  }),
  operation({
    id: 'listKeys',
    method: 'get',
    path: '/keys',
    summary:
      'Keys, without the keys themselves: on the first page those of the configuration, then those of the database by name.',
    query: {
      ...namePage,
      search: { ...namePage.search, description: 'Only keys with this text in their name or team.' },
      team: { ...schema.text, description: 'Only keys of this team.' },
    },
    answer: schema.list(keyAnswer, nextName),
    async run({ query: { search, team, limit, after }, database, configured }) {
      const size = pageSize(limit)
      const { sql } = await import('kysely')
      const found = await database.use((db) => {
        let keys = db.selectFrom('patchbay_keys').selectAll().orderBy('name')
        if (search !== undefined) {
          const pattern = patternOf(search)
          const inName = sql<boolean>`lower(name) like ${pattern} escape '\\'`
          keys = keys.where((eb) =>
            eb.or([inName, sql<boolean>`lower(coalesce(team, '')) like ${pattern} escape '\\'`]),
          )
        }
        if (team !== undefined) keys = keys.where('team', '=', team)
        if (after !== undefined) keys = keys.where('name', '>', after)
        if (size !== undefined) keys = keys.limit(size + 1)
        return keys.execute()
      })
      const { rows, ...next } = pageOf(found, size)
      const isFirst = after === undefined && team === undefined
      const own = Object.entries(configured)
        .filter(([name]) => isFirst && name.toLowerCase().includes((search ?? '').toLowerCase()))
        .map(([name, { hash: _, ...rights }]) => ({ name, source: 'configuration', ...rights }))
      return { data: [...own, ...rows.map(toKey)], ...next }
    },
  }),
  operation({
    id: 'getKey',
    method: 'get',
    path: '/keys/{name}',
    summary: 'A key of the database, without the key itself.',
    answer: keyAnswer,
    run: async ({ name, database }) => toKey(await database.use((db) => keyRow(db, name))),
  }),
  operation<KeyChange>({
    id: 'changeKey',
    method: 'patch',
    path: '/keys/{name}',
    summary: 'Changes the rights of a key. What is not named stays.',
    body: schema.closed({
      team: schema.changedTeam,
      ...schema.changedRights,
      expires: schema.changedExpires,
    }),
    answer: keyAnswer,
    async run({ name, body: { team, expires, ...rights }, change, ...call }) {
      checkNotConfigured(name, call)
      checkProviders(rights.providers, call.providers)
      return change(name, async (db) => {
        const row = await keyRow(db, name)
        await checkTeam(db, team)
        const changed: KeyRow = {
          ...row,
          rights: JSON.stringify(changedRightsOf(rightsOf(row.rights), rights)),
          ...(team !== undefined && { team }),
          ...(expires !== undefined && { expires: expires === null ? null : timeOf(expires) }),
        }
        await db.updateTable('patchbay_keys').set(changed).where('name', '=', name).execute()
        return toKey(changed)
      })
    },
  }),
  operation<{ overlap?: number }>({
    id: 'rotateKey',
    method: 'post',
    path: '/keys/{name}/rotate',
    summary: 'Makes a new key in place of the old one, which stays valid for a while.',
    body: schema.closed({
      overlap: {
        ...schema.count,
        maximum: 366 * 86_400_000,
        description: 'Milliseconds that the old key stays valid. Default 3,600,000 (an hour); 0: not at all.',
      },
    }),
    answer: told,
    async run({ name, body: { overlap = 3_600_000 }, change, ...call }) {
      checkNotConfigured(name, call)
      const { key, row } = made()
      await change(name, async (db) => {
        const { hash } = await keyRow(db, name)
        const previous =
          overlap === 0
            ? { previous_hash: null, previous_until: null }
            : { previous_hash: hash, previous_until: Date.now() + overlap }
        await db
          .updateTable('patchbay_keys')
          .set({ ...row, ...previous })
          .where('name', '=', name)
          .execute()
      })
      return { name, key }
    },
  }),
  operation({
    id: 'deleteKey',
    method: 'delete',
    path: '/keys/{name}',
    summary:
      'Deletes a key. All instances refuse it within two seconds. What it has spent stays in the sums.',
    answer: schema.closed({ name: schema.text, deleted: { const: true } }, ['name', 'deleted']),
    async run({ name, change, ...call }) {
      await change(name, async (db) => {
        const gone = await db
          .deleteFrom('patchbay_keys')
          .where('name', '=', name)
          .returning('name')
          .executeTakeFirst()
        if (gone !== undefined) return
        // One of the database may have this name too: it was made before the configuration had it.
        checkNotConfigured(name, call)
        throw notFound('key', name)
      })
      return { name, deleted: true }
    },
  }),
]

function made(): { key: string; row: { hash: string } } {
  const { key, hash } = newKey()
  return { key, row: { hash: hash.slice('sha256:'.length) } }
}

async function keyRow(db: Database, name: string): Promise<KeyRow> {
  const row = await db.selectFrom('patchbay_keys').selectAll().where('name', '=', name).executeTakeFirst()
  if (row === undefined) throw notFound('key', name)
  return row
}

function toKey({ name, team, rights, expires, previous_until, created }: KeyRow): object {
  return {
    name,
    source: 'database',
    ...(team !== null && { team }),
    ...rightsOf(rights),
    ...(expires !== null && { expires: iso(expires) }),
    ...(previous_until !== null && previous_until > Date.now() && { previousUntil: iso(previous_until) }),
    created: iso(created),
  }
}

const iso = (ms: number) => new Date(ms).toISOString()

/** @throws {LlmError} `invalid-request` for a text that is no date */
function timeOf(expires: string | number): number {
  if (typeof expires === 'string') return momentOf(expires, 'expires')
  if (expires > 8.64e15) throw requestError('expires: must be at most 8.64e15 milliseconds.')
  return expires
}

function checkNotConfigured(name: string, { configured }: Pick<AdminCall, 'configured'>, status = 409): void {
  if (Object.hasOwn(configured, name))
    throw new LlmError('invalid-request', `The key ${name} is in the configuration. Change it there.`, {
      status,
    })
}

async function checkTeam(db: Database, team: string | null | undefined): Promise<void> {
  if (team === null || team === undefined) return
  const found = await db
    .selectFrom('patchbay_teams')
    .select('name')
    .where('name', '=', team)
    .executeTakeFirst()
  if (found === undefined)
    throw requestError(`team: there is no team ${team}. Make it with POST /admin/teams.`)
}
