// The command and what it needs, as npm would install it from the registry: packed, and installed without what only
// developers need. Into the folder that is named.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = resolve(process.argv[2] ?? 'out')
const packs = join(out, 'packs')
mkdirSync(packs, { recursive: true })

const folders = {
  ...Object.fromEntries(
    ['claude', 'config', 'core', 'gemini', 'local', 'ollama', 'openai', 'policies', 'queue'].map((name) => [
      name,
      `packages/${name}`,
    ]),
  ),
  ...Object.fromEntries(['cli', 'gateway', 'playground'].map((name) => [name, `apps/${name}`])),
}

function npm(cwd, ...args) {
  const { status, stdout } = spawnSync('npm', args, { cwd, stdio: ['ignore', 'pipe', 2], encoding: 'utf8' })
  if (status !== 0) process.exit(status ?? 1)
  return stdout
}

const dependencies = {}
for (const folder of Object.values(folders)) {
  const { name } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
  const [{ filename }] = JSON.parse(npm(join(root, folder), 'pack', '--json', '--pack-destination', packs))
  dependencies[name] = `file:packs/${filename}`
}
const { overrides, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
dependencies['node-llama-cpp'] = devDependencies['node-llama-cpp']
dependencies['@redis/client'] = JSON.parse(
  readFileSync(join(root, 'packages/policies/package.json'), 'utf8'),
).devDependencies['@redis/client']
dependencies.pg = JSON.parse(readFileSync(join(root, 'apps/gateway/package.json'), 'utf8')).devDependencies.pg
const { '@arethetypeswrong/core': _, ...kept } = overrides
writeFileSync(
  join(out, 'package.json'),
  JSON.stringify({ private: true, type: 'module', dependencies, overrides: kept }, null, 2),
)
process.env.NODE_LLAMA_CPP_SKIP_DOWNLOAD = 'true'
npm(out, 'install', '--omit=dev', '--ignore-scripts', '--no-fund', '--no-audit')
