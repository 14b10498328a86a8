// Installs @patchbay/local with the engine into an empty project with each package manager, as a user would, and measures
// node_modules. Fails above 150 MB, or if the bundled model does not answer. Needs a build and the registry.
// Arguments: package managers (default: all), `plain` for how large it is without the installer (npm, 700 MB).
import { spawnSync } from 'node:child_process'
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const work = mkdtempSync(join(tmpdir(), 'patchbay-install-'))
process.on('exit', () => rmSync(work, { recursive: true, force: true }))
const limit = 150
const system = { darwin: 'mac', win32: 'win' }[process.platform] ?? 'none'
const windows = process.platform === 'win32'

function run(cwd, command, args, env = {}) {
  const result = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    shell: windows,
    env: { ...process.env, NODE_LLAMA_CPP_SKIP_DOWNLOAD: 'true', ...env },
  })
  if (result.status !== 0)
    throw new Error(
      `${command} ${args.join(' ')}\n${result.stdout ?? ''}${result.stderr ?? result.error ?? ''}`,
    )
  return result.stdout
}

/** Each manager's own commands, from its package in the registry; all but npm. */
const tools = {
  pnpm10: 'pnpm@10.34.9',
  pnpm12: 'pnpm@12.21.0',
  yarn1: 'yarn@1.22.22',
  yarn4: '@yarnpkg/cli-dist@4.18.1',
  bun: 'bun@1.4.5',
}
const asked = process.argv.slice(2)
const chosen = asked.length > 0 ? asked : ['npm', ...Object.keys(tools)]

function folderOf(tool) {
  const folder = join(work, `tool-${tool}`)
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  run(folder, 'npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', tools[tool]])
  if (tool === 'bun') run(join(folder, 'node_modules/bun'), process.execPath, ['install.js'])
  return join(folder, 'node_modules/.bin')
}

const packed = (name) => {
  const [{ filename }] = JSON.parse(
    run(join(root, 'packages', name), 'npm', [
      'pack',
      '--json',
      '--ignore-scripts',
      '--pack-destination',
      work,
    ]),
  )
  return `file:${join(work, filename)}`
}
const own = { '@patchbay/core': packed('core'), '@patchbay/local': packed('local') }

/** Of all files once, as `du` counts them: pnpm links each into a store. */
function megabytes(folder, seen = new Set()) {
  let bytes = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const { ino, size } = lstatSync(join(entry.parentPath, entry.name))
    if (!seen.has(ino)) bytes += size
    seen.add(ino)
  }
  return Math.round(bytes / 1e6)
}

let failures = 0
for (const name of chosen) {
  const manager = name.replace(/\d+$/, '')
  const project = join(work, name)
  mkdirSync(project)
  // The packages of ours are not published yet, so that what asks for @patchbay/core gets the packed one.
  const field = manager === 'yarn' ? 'resolutions' : 'overrides'
  const replaced = { '@patchbay/core': own['@patchbay/core'] }
  // Yarn and `npm ci` want the packages of all systems, and a mirror of the registry need not have those of others.
  if (manager === 'yarn' || manager === 'npm')
    for (const other of ['linux-riscv64', 'mac-arm64-metal', 'mac-x64', 'win-arm64', 'win-x64'])
      if (!other.startsWith(system)) replaced[`@node-llama-cpp/${other}`] = 'npm:empty-npm-package@1.0.0'
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ private: true, dependencies: own, ...(manager !== 'pnpm' && { [field]: replaced }) }),
  )
  if (manager === 'pnpm')
    writeFileSync(
      join(project, 'pnpm-workspace.yaml'),
      `overrides:\n  "@patchbay/core": "${own['@patchbay/core']}"\n`,
    )
  if (manager === 'yarn') writeFileSync(join(project, 'yarn.lock'), '')
  if (name === 'yarn4')
    writeFileSync(
      join(project, '.yarnrc.yml'),
      'nodeLinker: node-modules\nenableTelemetry: false\nenableScripts: false\n',
    )
  try {
    const path = name in tools ? { PATH: `${folderOf(name)}${windows ? ';' : ':'}${process.env.PATH}` } : {}
    if (name === 'plain') run(project, 'npm', ['install', '--ignore-scripts', 'node-llama-cpp@^3.22.1'])
    else {
      run(project, manager, ['install'], path)
      const bin = join(project, 'node_modules/@patchbay/local/bin/patchbay-local.mjs')
      run(project, process.execPath, [bin, 'install-engine'], {
        ...path,
        npm_config_user_agent: `${manager}/1`,
      })
    }
    if (name === 'npm') run(project, 'npm', ['ci', '--ignore-scripts'])
    writeFileSync(
      join(project, 'run.mjs'),
      `import { local } from '@patchbay/local'
const llm = local({ cacheDir: false })
process.stdout.write((await llm.chat('What is the capital of France?')).text)
await llm.close()`,
    )
    const said = run(project, process.execPath, ['run.mjs'])
    if (said !== 'The capital of France is Paris.') throw new Error(`it said: ${said}`)
    const size = megabytes(join(project, 'node_modules'))
    if (name !== 'plain' && size > limit) throw new Error(`${size} MB, and at most ${limit} are allowed`)
    process.stdout.write(`ok    ${name}: ${size} MB\n`)
  } catch (error) {
    failures++
    process.stdout.write(`FAIL  ${name}\n${error.message}\n`)
  }
  rmSync(project, { recursive: true, force: true })
}
process.exit(failures === 0 ? 0 : 1)
