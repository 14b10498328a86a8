// `patchbay-local install-engine`: which GPU builds it leaves out, and what it keeps of the project's files.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const bin = fileURLToPath(new URL('../bin/patchbay-local.mjs', import.meta.url))
const empty = 'npm:empty-npm-package@1.0.0'
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'install-engine-'))
  // What is run is only written down; scripts/check-install-size.mjs runs the real ones.
  mkdirSync(join(folder, 'tools'))
  for (const manager of ['npm', 'pnpm', 'yarn', 'bun'])
    writeFileSync(join(folder, 'tools', manager), `#!/bin/sh\necho ${manager} "$@"\n`, { mode: 0o755 })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
}

function run(args: string[] = [], cwd = folder) {
  const env = {
    ...process.env,
    PATH: `${join(folder, 'tools')}:${process.env.PATH}`,
    npm_config_user_agent: '',
  }
  return spawnSync(process.execPath, [bin, 'install-engine', ...args], { cwd, env, encoding: 'utf8' })
}

const read = (name: string) => readFileSync(join(folder, name), 'utf8')

test.skipIf(process.platform === 'win32').each([
  { lockfile: 'package-lock.json', field: 'overrides', runs: 'npm install' },
  { lockfile: 'yarn.lock', field: 'resolutions', runs: 'yarn add' },
  { lockfile: 'bun.lock', field: 'overrides', runs: 'bun add' },
])(
  'beside $lockfile, $runs runs after the GPU builds are left out in $field',
  ({ lockfile, field, runs }) => {
    write({ 'package.json': JSON.stringify({ name: 'app', [field]: { other: '1.0.0' } }), [lockfile]: '' })
    expect(run().stdout).toBe(`${runs} node-llama-cpp@^3.22.1\n`)
    const { name, [field]: map } = JSON.parse(read('package.json'))
    expect(name).toBe('app')
    expect(map).toMatchObject({ other: '1.0.0', '@node-llama-cpp/linux-x64-cuda': empty })
    expect(Object.keys(map)).toHaveLength(7)
  },
)

test.skipIf(process.platform === 'win32')('a build that is asked for later is no longer left out', () => {
  write({ 'package.json': '{}', 'package-lock.json': '' })
  run()
  run(['--gpu=cuda'])
  expect(JSON.parse(read('package.json')).overrides).toEqual({
    '@node-llama-cpp/linux-x64-vulkan': empty,
    '@node-llama-cpp/win-x64-vulkan': empty,
  })
})

test.skipIf(process.platform === 'win32')(
  'a pnpm workspace file keeps its comments and its own overrides',
  () => {
    write({
      'package.json': '{}',
      'pnpm-workspace.yaml': '# ours\noverrides:\n  other: 1.0.0\npackages: []\n',
    })
    expect(run().stdout).toBe('pnpm add --workspace-root node-llama-cpp@^3.22.1\n')
    const first = read('pnpm-workspace.yaml')
    expect(first).toContain('# ours\noverrides:\n  "@node-llama-cpp/linux-x64-cuda": "npm:empty')
    expect(first).toContain('  other: 1.0.0\npackages: []\n')
    expect(first).toContain('allowBuilds:\n  "node-llama-cpp": false\n')
    run()
    expect(read('pnpm-workspace.yaml')).toBe(first)
  },
)

test.skipIf(process.platform === 'win32')('in a workspace the overrides stand beside the lockfile', () => {
  const member = join(folder, 'member')
  mkdirSync(member)
  write({ 'package.json': '{}', 'package-lock.json': '', 'member/package.json': '{}' })
  expect(run([], member).stdout).toBe('npm install node-llama-cpp@^3.22.1\n')
  expect(read('package.json')).toContain(empty)
  expect(read('member/package.json')).toBe('{}')
})

test('outside of a project, and for other arguments, it says what to do', () => {
  expect(run().stderr).toBe('There is no package.json here. Create one first: npm init -y\n')
  expect(run(['--gpu=metal']).stderr).toContain('--gpu=cuda|vulkan|all')
})
