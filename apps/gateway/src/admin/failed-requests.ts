// Which requests count as failed, for lists and for sums.
import type { Expression, ExpressionBuilder, SqlBool } from 'kysely'
import type { Tables } from '../database/tables.js'

/** Whether a request failed: with an error of a provider or of the gateway, or with the status of one. */
export function hasFailed(eb: ExpressionBuilder<Tables, 'patchbay_requests'>): Expression<SqlBool> {
  return eb.or([eb('error', 'is not', null), eb('status', '>=', 400)])
}
