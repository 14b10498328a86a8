// Operation that counts the requests that failed, by one or more dimensions. From single requests: these are kept for a while only.
import { hasFailed } from './failed-requests.js'
import { operation } from './operation.js'
import { dayMs, type Period, period, periodOf } from './period.js'
import * as schema from './schemas.js'
import { dimensionsOf } from './spend.js'

const dimensions = ['provider', 'error', 'status', 'key', 'team', 'model', 'day'] as const
type Dimension = (typeof dimensions)[number]

export const errorsOperation = operation({
  id: 'getErrors',
  method: 'get',
  path: '/errors',
  summary:
    'Requests that failed, by provider and error code. Counted from single requests, so as far back as these are kept.',
  query: {
    by: {
      type: 'string',
      description: `What to count by: ${dimensions.join(', ')}; several with commas. Default: provider,error.`,
    },
    ...period,
    format: { enum: ['json', 'csv'] },
  },
  csv: ({ by }) => [...dimensionsOf(by ?? byDefault, dimensions), 'requests', 'last'],
  answer: schema.list(
    schema.closed(
      {
        ...Object.fromEntries(dimensions.map((name) => [name, { type: ['string', 'null'] }])),
        status: { type: 'integer', description: 'The HTTP status; 499 if the client left.' },
        requests: schema.count,
        last: { ...schema.time, description: 'When the last of them ended.' },
      },
      ['requests', 'last'],
    ),
  ),
  async run({ query: { by = byDefault, ...query }, database }) {
    const names = dimensionsOf(by, dimensions)
    const { from, to }: Period = periodOf(query)
    // Loaded with the database: gateways without one do not load it.
    const { sql } = await import('kysely')
    const rows = await database.use((db) => {
      // Both databases divide whole numbers without a remainder.
      const column = (name: Dimension) => (name === 'day' ? sql`at / ${sql.lit(dayMs)}` : sql.ref(name))
      let found = db
        .selectFrom('patchbay_requests')
        .select(({ fn }) => [fn.countAll<number>().as('requests'), fn.max('at').as('last')])
        .where(hasFailed)
      if (from !== undefined) found = found.where('at', '>=', from)
      if (to !== undefined) found = found.where('at', '<', to)
      for (const name of names) found = found.select(column(name).as(name)).groupBy(column(name))
      return found.orderBy('requests', 'desc').limit(1000).execute()
    })
    const data = (rows as Record<string, unknown>[])
      .filter(({ requests }) => Number(requests) > 0)
      .map((row) => ({
        ...Object.fromEntries(names.map((name) => [name, cellOf(name, row[name])])),
        requests: Number(row.requests),
        last: new Date(Number(row.last)).toISOString(),
      }))
    return { data }
  },
})

const byDefault = 'provider,error'

function cellOf(name: Dimension, value: unknown): unknown {
  return name === 'day' ? new Date(Number(value) * dayMs).toISOString().slice(0, 10) : (value ?? null)
}
