// Rows as CSV (RFC 4180), for spreadsheets.

/** The rows with a line of names. Texts that a spreadsheet would compute get an apostrophe in front (CSV injection). */
export function toCsv(names: readonly string[], rows: readonly Record<string, unknown>[]): string {
  const lines = [names, ...rows.map((row) => names.map((name) => row[name]))]
  return lines.map((cells) => `${cells.map(toCell).join(',')}\r\n`).join('')
}

function toCell(value: unknown): string {
  if (typeof value !== 'string') return value === undefined || value === null ? '' : String(value)
  const safe = /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
