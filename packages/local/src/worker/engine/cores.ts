// Number of CPU cores that this process may use, container limits included.
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** At least 1. A limit of one and a half cores counts as one: a throttled thread stops all others. */
export function usableCores(root = '/sys/fs/cgroup', own = '/proc/self/cgroup'): number {
  const share = cpuShare(root, own)
  return Math.max(1, Math.min(availableParallelism(), Math.floor(share)))
}

/** The lowest CPU limit of the control groups around this process (Linux, versions 2 and 1), in cores. */
function cpuShare(root: string, own: string): number {
  let path = read(own)?.match(/^0::(.*)$/m)?.[1] ?? '/'
  let least = limit(read(`${root}/cpu/cpu.cfs_quota_us`), read(`${root}/cpu/cpu.cfs_period_us`))
  for (;;) {
    const [quota, period] = read(`${root}${path}/cpu.max`)?.split(' ') ?? []
    least = Math.min(least, limit(quota, period))
    if (path === '/' || path === '') return least
    path = path.slice(0, path.lastIndexOf('/'))
  }
}

/** Cores of a quota; `max`, -1 or nothing is no limit. */
function limit(quota: string | undefined, period: string | undefined): number {
  const cores = Number(quota) / Number(period)
  return cores > 0 ? cores : Number.POSITIVE_INFINITY
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
