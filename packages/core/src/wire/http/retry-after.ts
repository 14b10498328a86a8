// The Retry-After header.

/**
 * The wait a server asks for in its headers, in milliseconds: `retry-after-ms`, or `Retry-After` in seconds or as an HTTP date (RFC
 * 9110, section 10.2.3). `undefined` without such a header, or for an invalid one.
 */
export function parseRetryAfter(
  headers: { get(name: string): string | null },
  now: number,
): number | undefined {
  const ms = decimal(headers.get('retry-after-ms'))
  if (ms !== undefined) return ms
  const after = headers.get('retry-after')
  const seconds = decimal(after)
  if (seconds !== undefined) return seconds * 1000
  // Date.parse accepts nearly anything; an HTTP date has a time.
  const date = after?.includes(':') ? Date.parse(after) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

const longestWait = 1e9

function decimal(text: string | null): number | undefined {
  // Limited, since JSON cannot represent Infinity.
  return text !== null && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Math.min(Number(text), longestWait) : undefined
}
