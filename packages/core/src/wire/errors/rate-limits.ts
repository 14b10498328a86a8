// What services say of their rate limits in the headers of every response. Sources: platform.claude.com/docs/en/api/rate-limits
// (`anthropic-ratelimit-*`, resets as RFC 3339 dates) and platform.openai.com/docs/guides/rate-limits (`x-ratelimit-*`,
// resets as `6m0s`, also said by most compatible servers), November 2026.
import type { RateLimit } from '../../contract/events.js'

const anthropic = (what: string, kind: string) => `anthropic-ratelimit-${kind}-${what}`
const openai = (what: string, kind: string) => `x-ratelimit-${what}-${kind}`

/** The limits, or nothing where the headers say nothing. */
export function rateLimits(
  headers: { get(name: string): string | null },
  now: number,
): { requests?: RateLimit; tokens?: RateLimit } | undefined {
  for (const named of [anthropic, openai]) {
    const requests = limitOf((what) => headers.get(named(what, 'requests')), now)
    const tokens = limitOf((what) => headers.get(named(what, 'tokens')), now)
    if (requests !== undefined || tokens !== undefined)
      return { ...(requests && { requests }), ...(tokens && { tokens }) }
  }
  return undefined
}

function limitOf(header: (what: string) => string | null, now: number): RateLimit | undefined {
  const limit = count(header('limit'))
  const remaining = count(header('remaining'))
  const resetMs = untilReset(header('reset'), now)
  if (limit === undefined && remaining === undefined) return undefined
  return {
    ...(limit !== undefined && { limit }),
    ...(remaining !== undefined && { remaining }),
    ...(resetMs !== undefined && { resetMs }),
  }
}

function count(text: string | null): number | undefined {
  return text !== null && /^\s*\d+\s*$/.test(text) ? Number(text) : undefined
}

const units: Record<string, number> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 }

/** `6m0s`, `20ms`, `1.5` (seconds), or a date. */
function untilReset(text: string | null, now: number): number | undefined {
  if (text === null) return undefined
  if (/^\s*\d+(\.\d+)?\s*$/.test(text)) return Number(text) * 1000
  if (/^(\d+(\.\d+)?(ms|[dhms]))+$/.test(text)) {
    let ms = 0
    for (const [, amount, unit = 's'] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g))
      ms += Number(amount) * (units[unit] ?? 0)
    return ms
  }
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
