// Usable cores, read from control groups in the kernel's format.
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/fixtures.js'
import { usableCores } from './cores.js'

const all = availableParallelism()

function groups(files: Record<string, string>): [root: string, own: string] {
  const root = temporaryFolder()
  for (const [path, content] of Object.entries({ 'self.txt': '0::/a/b\n', ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  return [root, join(root, 'self.txt')]
}

describe('usable cores', () => {
  it.each<[string, Record<string, string>, number]>([
    ['are all cores without limits', {}, all],
    ['are all cores with a limit of max', { 'a/b/cpu.max': 'max 100000\n' }, all],
    ['are limited by the group', { 'cpu.max': '100000 100000\n' }, 1],
    ['are rounded down', { 'a/b/cpu.max': '190000 100000\n' }, 1],
    ['are at least one', { 'a/b/cpu.max': '20000 100000\n' }, 1],
    [
      'are limited by the narrowest of all groups',
      { 'a/cpu.max': '50000 50000\n', 'a/b/cpu.max': 'max 100000\n' },
      1,
    ],
    ['are at most all cores', { 'a/b/cpu.max': '9900000 100000\n' }, all],
    [
      'are those of the older kind of group',
      { 'cpu/cpu.cfs_quota_us': '100000\n', 'cpu/cpu.cfs_period_us': '100000\n' },
      1,
    ],
    [
      'are all there are where the older kind says -1',
      { 'cpu/cpu.cfs_quota_us': '-1\n', 'cpu/cpu.cfs_period_us': '100000\n' },
      all,
    ],
  ])('%s', (_, files, cores) => {
    expect(usableCores(...groups(files))).toBe(cores)
  })

  it('are all cores without control groups', () => {
    expect(usableCores('/nowhere', '/nowhere/self')).toBe(all)
  })
})
