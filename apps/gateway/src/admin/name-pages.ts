// Pages of lists that are sorted by name.
import type { JsonSchema } from '@patchbay/core'
import { requestError } from '../answer/http-status.js'
import * as schema from './schemas.js'

/** The parameters of such a list. */
export const namePage: Record<string, JsonSchema> = {
  search: { type: 'string', maxLength: 64, description: 'Only names with this text in them.' },
  limit: { type: 'string', pattern: '^[0-9]{1,4}$', description: 'How many, at most 1000. Default: all.' },
  after: { type: 'string', maxLength: 64, description: '`next` of the page before.' },
}

/** In answers. */
export const nextName: Record<string, JsonSchema> = {
  next: { ...schema.text, description: 'Pass it as `after` for the next page.' },
}

/** @throws {LlmError} `invalid-request` for 0 and above 1000 */
export function pageSize(limit: string | undefined): number | undefined {
  if (limit === undefined) return undefined
  const size = Number(limit)
  if (size >= 1 && size <= 1000) return size
  throw requestError('limit: must be from 1 to 1000.')
}

/** A pattern for LIKE with `\` as escape: any text with this one in it. */
export function patternOf(search: string): string {
  return `%${search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
}

/** A page of one row more than it may have: the rows, and where the next page begins. */
export function pageOf<Row extends { name: string }>(
  rows: readonly Row[],
  size: number | undefined,
): { rows: readonly Row[]; next?: string } {
  if (size === undefined || rows.length <= size) return { rows }
  const page = rows.slice(0, size)
  return { rows: page, next: page.at(-1)?.name ?? '' }
}
