// Rate limits in the response headers of services. Sources: platform.claude.com/docs/en/api/rate-limits
// (`anthropic-ratelimit-*`, resets as RFC 3339 dates) and platform.openai.com/docs/guides/rate-limits (`x-ratelimit-*`,
// resets as `6m0s`, also said by most compatible servers), November 2026.
import type { RateLimit } from '../../contract/status.js'

interface Names {
  limit: string
  remaining: string
  reset: string
}

const names = (of: (kind: string) => string): Names => ({
  limit: of('limit'),
  remaining: of('remaining'),
  reset: of('reset'),
})

// Made once: most answers have none of them, and each look-up in the headers of `fetch` costs.
const services = [
  {
    requests: names((kind) => `anthropic-ratelimit-requests-${kind}`),
    tokens: names((kind) => `anthropic-ratelimit-tokens-${kind}`),
  },
  {
    requests: names((kind) => `x-ratelimit-${kind}-requests`),
    tokens: names((kind) => `x-ratelimit-${kind}-tokens`),
  },
]

/** The limits; `undefined` without such headers. */
export function rateLimits(
  headers: { get(name: string): string | null },
  now: number,
): { requests?: RateLimit; tokens?: RateLimit } | undefined {
  for (const service of services) {
    const requests = limitOf(headers, service.requests, now)
    const tokens = limitOf(headers, service.tokens, now)
    if (requests !== undefined || tokens !== undefined)
      return { ...(requests && { requests }), ...(tokens && { tokens }) }
  }
  return undefined
}

function limitOf(
  headers: { get(name: string): string | null },
  names: Names,
  now: number,
): RateLimit | undefined {
  const limit = count(headers.get(names.limit))
  const remaining = count(headers.get(names.remaining))
  if (limit === undefined && remaining === undefined) return undefined
  const resetMs = untilReset(headers.get(names.reset), now)
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
