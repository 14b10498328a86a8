// Operation that sums up what was spent, by one or more dimensions.
import { requestError } from '../answer/http-status.js'
import { momentOf } from './moment.js'
import { operation } from './operation.js'
import * as schema from './schemas.js'

const dimensions = ['key', 'team', 'model', 'provider', 'day'] as const
type Dimension = (typeof dimensions)[number]

const day: Record<string, unknown> = {
  type: 'string',
  maxLength: 40,
  description: 'A day in UTC, such as 2026-11-28, included. Of a date and time, its day.',
}

export const spendOperation = operation({
  id: 'getSpend',
  method: 'get',
  path: '/spend',
  summary:
    'Requests, tokens and US dollars. Answers from caches count as requests, and cost nothing. Prices that are unknown count as 0.',
  query: {
    by: {
      type: 'string',
      description: `What to sum up by: ${dimensions.join(', ')}; several with commas. Default: one sum of all.`,
    },
    from: day,
    to: day,
    format: { enum: ['json', 'csv'] },
  },
  csv: ({ by }) => [...dimensionsOf(by, dimensions), ...Object.keys(noSums)],
  answer: schema.list(
    schema.closed(
      {
        ...Object.fromEntries(dimensions.map((name) => [name, { type: ['string', 'null'] }])),
        requests: schema.count,
        errors: schema.count,
        inputTokens: schema.count,
        outputTokens: schema.count,
        cachedInputTokens: schema.count,
        usd: schema.usd,
      },
      ['requests', 'errors', 'inputTokens', 'outputTokens', 'cachedInputTokens', 'usd'],
    ),
  ),
  async run({ query: { by, from, to }, database }) {
    const names = dimensionsOf(by, dimensions)
    const [first, last] = [dayOf(from, 'from'), dayOf(to, 'to')]
    const rows = await database.use((db) => {
      let query = db
        .selectFrom('patchbay_spend')
        .select(({ fn }) => [
          fn.sum<number | null>('requests').as('requests'),
          fn.sum<number | null>('errors').as('errors'),
          fn.sum<number | null>('input_tokens').as('inputTokens'),
          fn.sum<number | null>('output_tokens').as('outputTokens'),
          fn.sum<number | null>('cached_input_tokens').as('cachedInputTokens'),
          fn.sum<number | null>('usd').as('usd'),
        ])
      if (first !== undefined) query = query.where('day', '>=', first)
      if (last !== undefined) query = query.where('day', '<=', last)
      if (names.length === 0) return query.execute()
      let summed = query.select(names).groupBy(names)
      for (const name of names) summed = summed.orderBy(name)
      return summed.execute()
    })
    return { data: rows.map((row) => toSum(row, names)) }
  },
})

const noSums = { requests: 0, errors: 0, inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, usd: 0 }

/** Names first, and null for requests without one: those without a key, or that no model answered. */
function toSum(row: Record<string, unknown>, names: readonly Dimension[]): object {
  return {
    ...Object.fromEntries(names.map((name) => [name, row[name] || null])),
    ...Object.fromEntries(Object.keys(noSums).map((name) => [name, row[name] ?? 0])),
  }
}

/**
 * The names in `by`, each once.
 * @throws {LlmError} `invalid-request` for another one
 */
export function dimensionsOf<Name extends string>(by = '', all: readonly Name[]): Name[] {
  const names = new Set(by.split(',').map((name) => name.trim()))
  names.delete('')
  for (const name of names)
    if (!(all as readonly string[]).includes(name))
      throw requestError(`by: must be some of ${all.join(', ')}, with commas between them.`)
  return [...names] as Name[]
}

/** The day of a date, in UTC. */
function dayOf(value: string | undefined, name: string): string | undefined {
  return value === undefined ? undefined : new Date(momentOf(value, name)).toISOString().slice(0, 10)
}
