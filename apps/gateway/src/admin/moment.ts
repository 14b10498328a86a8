// Dates in requests of admins: ISO 8601; without a zone they are UTC, wherever the gateway runs.
import { requestError } from '../answer/http-status.js'

const iso = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/i

/** Whether the text is a day, without a time. */
export function isDay(value: string): boolean {
  return value.length === 10
}

/**
 * The milliseconds of a date; of a day, its begin.
 * @throws {LlmError} `invalid-request` with the name of the parameter
 */
export function momentOf(value: string, name: string): number {
  const [found, zone] = iso.exec(value) ?? []
  const isThere =
    found !== undefined && new Date(found.slice(0, 10)).getUTCDate() === Number(found.slice(8, 10))
  const time = isThere ? Date.parse(isDay(value) || zone ? value : `${value}Z`) : Number.NaN
  if (Number.isNaN(time))
    throw requestError(
      `${name}: must be a day, such as 2026-11-28, or a date and time, such as 2026-11-28T12:00:00Z.`,
    )
  return time
}
