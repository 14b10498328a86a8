// State that each worker of `serve --workers` keeps for itself, where a configuration may expect one for all.
import type { Loaded, PolicyEntry } from '@patchbay/config'

/** A sentence about it; undefined if there is nothing of the kind. */
export function perWorker({ providers, shared }: Loaded): string | undefined {
  const isStored = shared !== undefined && /^rediss?(\+sentinel|\+cluster)?:/.test(shared.place)
  const caching: string[] = []
  const counting: string[] = []
  for (const [name, { entry }] of providers)
    for (const policy of typeof entry === 'object' && Array.isArray(entry.policies) ? entry.policies : []) {
      if (!isStored && hasOwnCache(policy)) caching.push(name)
      if (countsRuns(policy)) counting.push(name)
    }
  const own = [
    ...(caching.length > 0 ? [`its own cached answers (${caching.join(', ')})`] : []),
    ...(counting.length > 0 ? [`its own budget per run (${counting.join(', ')})`] : []),
  ]
  return own.length === 0 ? undefined : `Each worker has ${own.join(' and ')}.`
}

function hasOwnCache(policy: PolicyEntry): boolean {
  if (policy === 'cache') return true
  if (typeof policy !== 'object') return false
  const options =
    'cache' in policy ? policy.cache : 'semanticCache' in policy ? policy.semanticCache : undefined
  return options !== undefined && options.store === undefined
}

function countsRuns(policy: PolicyEntry): boolean {
  return (
    typeof policy === 'object' &&
    'budget' in policy &&
    Array.isArray(policy.budget.limits) &&
    policy.budget.limits.some(({ per }) => per === 'run')
  )
}
