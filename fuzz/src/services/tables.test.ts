// The check of dated tables: old ones are named, and nothing fails.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const script = fileURLToPath(new URL('../../../scripts/check-tables.mjs', import.meta.url))
const check = (today: string) => {
  const env = { ...process.env, PATCHBAY_TODAY: today }
  const { status, stderr, stdout } = spawnSync(process.execPath, [script], { env, encoding: 'utf8' })
  return { status, named: stderr.match(/^\S+\.ts was compared/gm)?.length ?? 0, stdout }
}

it('tables that were compared with their sources more than 90 days ago are named, and the check passes', () => {
  expect(check('2026-11-28')).toMatchObject({ status: 0, named: 0 })
  const late = check('2099-01-01')
  expect(late.status).toBe(0)
  expect(late.named).toBeGreaterThanOrEqual(5)
  expect(late.stdout).toContain(`${late.named} older than 90 days`)
})
