// Usage of several answers together.
import type { Usage } from './response.js'

/** What nobody said stays unsaid; what some said is added up. */
export function sum(a: Usage, b: Usage): Usage {
  const total: Usage = { ...a }
  for (const key of Object.keys(b) as (keyof Usage)[])
    if (b[key] !== undefined) total[key] = (total[key] ?? 0) + b[key]
  return total
}
