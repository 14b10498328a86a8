// Text tables.
import { printable } from './print.js'

/** Rows as lines with aligned columns. */
export function table(given: string[][]): string {
  const rows = given.map((row) => row.map(printable))
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((width, row) => Math.max(width, (row[column] ?? '').length), 0),
  )
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}
