// How many cores this process may use: those it may run on, and no more than its container was given time on.
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** At least 1. A container that gets one and a half cores' time counts as one: a throttled thread stops the others. */
export function usableCores(root = '/sys/fs/cgroup', own = '/proc/self/cgroup'): number {
  const share = cpuShare(root, own)
  return Math.max(1, Math.min(availableParallelism(), Math.floor(share)))
}

/** The least share any group around this process is given, in cores (Linux control groups, versions 2 and 1). */
function cpuShare(root: string, own: string): number {
  let path = read(own)?.match(/^0::(.*)$/m)?.[1] ?? '/'
  let least = share(read(`${root}/cpu/cpu.cfs_quota_us`), read(`${root}/cpu/cpu.cfs_period_us`))
  for (;;) {
    const [quota, period] = read(`${root}${path}/cpu.max`)?.split(' ') ?? []
    least = Math.min(least, share(quota, period))
    if (path === '/' || path === '') return least
    path = path.slice(0, path.lastIndexOf('/'))
  }
}

/** `max`, -1 or nothing: as much as there is. */
function share(quota: string | undefined, period: string | undefined): number {
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
