// Migrations of the database. They run at start, once, however many instances start together. A migration that was
// published is never changed: the next one changes the tables.
import type { Kysely, Migration } from 'kysely'
import type { Database } from './tables.js'

const migrations: Record<string, Migration> = {
  '2026-11-28-keys-and-spend': {
    async up(db: Kysely<never>) {
      await db.schema
        .createTable('patchbay_keys')
        .addColumn('name', 'text', (column) => column.primaryKey())
        .addColumn('hash', 'text', (column) => column.notNull().unique())
        .addColumn('previous_hash', 'text')
        .addColumn('previous_until', 'bigint')
        .addColumn('team', 'text')
        .addColumn('rights', 'text', (column) => column.notNull())
        .addColumn('expires', 'bigint')
        .addColumn('created', 'bigint', (column) => column.notNull())
        .execute()
      await db.schema
        .createTable('patchbay_teams')
        .addColumn('name', 'text', (column) => column.primaryKey())
        .addColumn('rights', 'text', (column) => column.notNull())
        .addColumn('created', 'bigint', (column) => column.notNull())
        .execute()
      await db.schema
        .createTable('patchbay_changes')
        .addColumn('id', 'integer', (column) => column.primaryKey())
        .addColumn('version', 'bigint', (column) => column.notNull())
        .execute()
      await db.schema
        .createTable('patchbay_requests')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('at', 'bigint', (column) => column.notNull())
        .addColumn('key', 'text')
        .addColumn('team', 'text')
        .addColumn('model', 'text')
        .addColumn('provider', 'text')
        .addColumn('answered_by', 'text')
        .addColumn('path', 'text', (column) => column.notNull())
        .addColumn('status', 'integer', (column) => column.notNull())
        .addColumn('error', 'text')
        .addColumn('streamed', 'integer', (column) => column.notNull())
        .addColumn('ms', 'double precision', (column) => column.notNull())
        .addColumn('first_ms', 'double precision')
        .addColumn('input_tokens', 'bigint')
        .addColumn('output_tokens', 'bigint')
        .addColumn('cached_input_tokens', 'bigint')
        .addColumn('usd', 'double precision')
        .addColumn('estimated', 'integer', (column) => column.notNull())
        .addColumn('cached', 'text')
        .addColumn('trace_id', 'text')
        .execute()
      await db.schema
        .createIndex('patchbay_requests_at')
        .on('patchbay_requests')
        .columns(['at', 'id'])
        .execute()
      const counts = ['requests', 'errors', 'input_tokens', 'output_tokens', 'cached_input_tokens'] as const
      const dimensions = ['day', 'key', 'team', 'provider', 'model'] as const
      let spend = db.schema.createTable('patchbay_spend')
      for (const name of dimensions) spend = spend.addColumn(name, 'text', (column) => column.notNull())
      for (const name of counts) spend = spend.addColumn(name, 'bigint', (column) => column.notNull())
      await spend
        .addColumn('usd', 'double precision', (column) => column.notNull())
        .addPrimaryKeyConstraint('patchbay_spend_key', [...dimensions] as never[])
        .execute()
      await db.schema
        .createTable('patchbay_audit')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('at', 'bigint', (column) => column.notNull())
        .addColumn('admin', 'text', (column) => column.notNull())
        .addColumn('action', 'text', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('change', 'text')
        .execute()
    },
  },
}

/** Brings the tables up to date. Instances that start together wait for the one that does it. */
export async function migrate(db: Database): Promise<void> {
  const { Migrator } = await import('kysely')
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => migrations },
    migrationTableName: 'patchbay_migrations',
    migrationLockTableName: 'patchbay_migrations_lock',
  })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
  await db
    .insertInto('patchbay_changes')
    .values({ id: 1, version: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}
