#!/usr/bin/env node
// `patchbay-local install-engine`: installs node-llama-cpp into the project, without the GPU builds that are not asked for.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const usage = 'Usage: npx @patchbay/local install-engine [--gpu=cuda|vulkan|all]\n'
/** Package managers install all optional packages that fit the system, so GPU builds come for those without a GPU as well. */
const builds = ['linux-x64', 'win-x64'].flatMap((system) =>
  ['cuda', 'cuda-ext', 'vulkan'].map((gpu) => ({ gpu, name: `@node-llama-cpp/${system}-${gpu}` })),
)
const empty = 'npm:empty-npm-package@1.0.0'
const lockfiles = {
  'pnpm-lock.yaml': 'pnpm',
  'pnpm-workspace.yaml': 'pnpm',
  'yarn.lock': 'yarn',
  'bun.lock': 'bun',
  'bun.lockb': 'bun',
  'package-lock.json': 'npm',
  'npm-shrinkwrap.json': 'npm',
}

const [command, flag = '', ...rest] = process.argv.slice(2)
const gpu = flag === '' ? 'none' : /^--gpu=(cuda|vulkan|all)$/.exec(flag)?.[1]
if (command !== 'install-engine' || gpu === undefined || rest.length > 0) fail(usage)

const { root, manager } = findProject()
const wanted = (build) => gpu === 'all' || build.gpu.replace('-ext', '') === gpu
if (manager === 'pnpm') editWorkspaceFile(join(root, 'pnpm-workspace.yaml'))
else editPackageFile(join(root, 'package.json'), manager === 'yarn' ? 'resolutions' : 'overrides')

const { peerDependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const spec = `node-llama-cpp@${peerDependencies['node-llama-cpp']}`
const atRoot = root === process.cwd()
const add = {
  npm: ['install', spec],
  pnpm: [
    'add',
    ...(atRoot && existsSync(join(root, 'pnpm-workspace.yaml')) ? ['--workspace-root'] : []),
    spec,
  ],
  yarn: ['add', spec],
  bun: ['add', spec],
}[manager]
const { status, error } = spawnSync(manager, add, {
  stdio: 'inherit',
  shell: process.platform === 'win32',
  // The prebuilt engine comes in a package; the install script would only try to compile another.
  env: { ...process.env, NODE_LLAMA_CPP_SKIP_DOWNLOAD: 'true' },
})
if (error) fail(`${manager} cannot be started: ${error.message}\n`)
process.exitCode = status ?? 1

/** Where the lockfile is, and whose; in a new project the folder of package.json, and the package manager that runs this. */
function findProject() {
  let nearest
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) {
      nearest ??= folder
      const { packageManager } = readJson(join(folder, 'package.json'))
      const named = /^(npm|pnpm|yarn|bun)@/.exec(packageManager ?? '')?.[1]
      const found = Object.keys(lockfiles).find((file) => existsSync(join(folder, file)))
      if (named ?? found) return { root: folder, manager: named ?? lockfiles[found] }
    }
    if (folder === dirname(folder)) break
  }
  if (nearest === undefined) fail('There is no package.json here. Create one first: npm init -y\n')
  const runs = /^(pnpm|yarn|bun)\//.exec(process.env.npm_config_user_agent ?? '')?.[1]
  return { root: nearest, manager: runs ?? 'npm' }
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    fail(`${path} cannot be read: ${error.message}\n`)
  }
}

function editPackageFile(path, field) {
  const manifest = readJson(path)
  const map = { ...manifest[field] }
  for (const build of builds) {
    if (!wanted(build)) map[build.name] = empty
    else if (map[build.name] === empty) delete map[build.name]
  }
  const indent = /^[ \t]+/m.exec(readFileSync(path, 'utf8'))?.[0] ?? '  '
  writeFileSync(path, `${JSON.stringify({ ...manifest, [field]: map }, null, indent)}\n`)
}

/** Line by line, which keeps comments and all else as it is. */
function editWorkspaceFile(path) {
  const before = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const lines = before.split('\n').filter((line) => !builds.some(({ name }) => line.includes(`"${name}"`)))
  const overrides = builds.filter((build) => !wanted(build)).map(({ name }) => `  "${name}": "${empty}"`)
  addTo(lines, 'overrides', overrides, path)
  // pnpm wants a decision on each install script; this one would only try to compile another engine.
  if (!/^ +["']?node-llama-cpp["']?:/m.test(before))
    addTo(lines, 'allowBuilds', ['  "node-llama-cpp": false'], path)
  writeFileSync(path, lines.join('\n'))
}

function addTo(lines, key, added, path) {
  const at = lines.findIndex((line) => line.startsWith(`${key}:`))
  if (at >= 0 && !/^\w+: *(#.*)?$/.test(lines[at]))
    fail(`Write ${key} in ${path} with one entry a line, and try again.\n`)
  if (at >= 0) lines.splice(at + 1, 0, ...added)
  else if (added.length > 0) lines.unshift(`${key}:`, ...added)
}

function fail(message) {
  process.stderr.write(message)
  process.exit(1)
}
