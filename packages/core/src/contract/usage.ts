// Adding up usage.
import type { Usage } from './response.js'

/** The sum of two usages. A count that only one of them has is that one's; a count that neither has stays undefined. */
export function addUsage(a: Usage, b: Usage): Usage {
  const total: Usage = { ...a }
  for (const key of Object.keys(b) as (keyof Usage)[])
    if (b[key] !== undefined) total[key] = (total[key] ?? 0) + b[key]
  return total
}
