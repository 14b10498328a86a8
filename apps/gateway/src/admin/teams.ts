// Operations on teams: what their keys may do and spend together.
import { requestError } from '../answer/http-status.js'
import { type Rights, rightsOf } from '../database/runtime-keys.js'
import type { Database, TeamRow } from '../database/tables.js'
import { namePage, nextName, pageOf, pageSize, patternOf } from './name-pages.js'
import { operation } from './operation.js'
import { changedRightsOf, checkProviders, notFound } from './rights.js'
import * as schema from './schemas.js'

const teamAnswer = schema.closed({ name: schema.text, ...schema.rights, created: schema.time }, [
  'name',
  'created',
])

export const teamOperations = [
  operation<Rights & { name: string }>({
    id: 'createTeam',
    method: 'post',
    path: '/teams',
    summary: 'Makes a team. Its limits and budgets hold for all its keys together, beside those of each key.',
    body: schema.closed({ name: schema.name, ...schema.rights }, ['name']),
    status: 201,
    answer: teamAnswer,
    async run({ body: { name, ...rights }, providers, change }) {
      checkProviders(rights.providers, providers)
      const row = { name, rights: JSON.stringify(rights), created: Date.now() }
      await change(name, async (db) => {
        const added = await db
          .insertInto('patchbay_teams')
          .values(row)
          .onConflict((conflict) => conflict.column('name').doNothing())
          .returning('name')
          .executeTakeFirst()
        if (added === undefined) throw requestError(`There is a team ${name} already.`, 409)
      })
      return toTeam(row)
    },
  }),
  operation({
    id: 'listTeams',
    method: 'get',
    path: '/teams',
    summary: 'Teams, by name.',
    query: namePage,
    answer: schema.list(teamAnswer, nextName),
    async run({ query: { search, limit, after }, database }) {
      const size = pageSize(limit)
      const { sql } = await import('kysely')
      const found = await database.use((db) => {
        let teams = db.selectFrom('patchbay_teams').selectAll().orderBy('name')
        if (search !== undefined)
          teams = teams.where(sql<boolean>`lower(name) like ${patternOf(search)} escape '\\'`)
        if (after !== undefined) teams = teams.where('name', '>', after)
        if (size !== undefined) teams = teams.limit(size + 1)
        return teams.execute()
      })
      const { rows, ...next } = pageOf(found, size)
      return { data: rows.map(toTeam), ...next }
    },
  }),
  operation<{ [Name in keyof Rights]: Rights[Name] | null }>({
    id: 'changeTeam',
    method: 'patch',
    path: '/teams/{name}',
    summary: 'Changes the rights of a team. What is not named stays.',
    body: schema.closed(schema.changedRights),
    answer: teamAnswer,
    async run({ name, body, providers, change }) {
      checkProviders(body.providers, providers)
      return change(name, async (db) => {
        const row = await teamRow(db, name)
        const rights = JSON.stringify(changedRightsOf(rightsOf(row.rights), body))
        await db.updateTable('patchbay_teams').set({ rights }).where('name', '=', name).execute()
        return toTeam({ ...row, rights })
      })
    },
  }),
  operation({
    id: 'deleteTeam',
    method: 'delete',
    path: '/teams/{name}',
    summary: 'Deletes a team that has no keys.',
    answer: schema.closed({ name: schema.text, deleted: { const: true } }, ['name', 'deleted']),
    async run({ name, change }) {
      await change(name, async (db) => {
        await teamRow(db, name)
        const key = await db
          .selectFrom('patchbay_keys')
          .select('name')
          .where('team', '=', name)
          .executeTakeFirst()
        if (key !== undefined)
          throw requestError(
            `The team ${name} has keys, such as ${key.name}. Delete or move them first.`,
            409,
          )
        await db.deleteFrom('patchbay_teams').where('name', '=', name).execute()
      })
      return { name, deleted: true }
    },
  }),
]

async function teamRow(db: Database, name: string): Promise<TeamRow> {
  const row = await db.selectFrom('patchbay_teams').selectAll().where('name', '=', name).executeTakeFirst()
  if (row === undefined) throw notFound('team', name)
  return row
}

function toTeam({ name, rights, created }: TeamRow): object {
  return { name, ...rightsOf(rights), created: new Date(created).toISOString() }
}
