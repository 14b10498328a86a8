// Checks sizes and start: the bundle size of core and of each backend without its SDK, the time to import them, and that an
// import has no side effects. Builds the packages first.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build as bundle } from 'esbuild'
import { build } from './build.mjs'

build()
const dist = (name) => fileURLToPath(new URL(`../packages/${name}/dist/index.js`, import.meta.url))

/** Kilobytes of what an app loads at the start: the entry and what it imports statically, without other packages. */
async function weigh(name) {
  const { outputFiles, metafile } = await bundle({
    entryPoints: [dist(name)],
    bundle: true,
    packages: 'external',
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    outdir: 'out',
    write: false,
    metafile: true,
    logLevel: 'error',
  })
  const entry = Object.keys(metafile.outputs).find((output) =>
    metafile.outputs[output].entryPoint?.endsWith('dist/index.js'),
  )
  const wanted = new Set([entry])
  for (const output of wanted)
    for (const { path, kind, external } of metafile.outputs[output].imports)
      if (kind === 'import-statement' && !external) wanted.add(path)
  const texts = outputFiles
    .filter(({ path }) => [...wanted].some((output) => path.endsWith(output)))
    .map(({ text }) => text)
  return gzipSync(texts.join(''), { level: 9 }).length / 1000
}

/** Milliseconds to import these files in a fresh process. */
function timeImport(files) {
  const code = `const t = performance.now(); await Promise.all(${JSON.stringify(files)}.map((file) => import(file))); process.stdout.write(String(performance.now() - t))`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return Number(stdout)
}

/**
 * The least time of each group of files, in fifteen rounds in which all take their turn: the other times measure what else was going
 * on, and a machine that is busy for a while is busy for all.
 */
function timeImports(groups) {
  const rounds = Array.from({ length: 15 }, () => groups.map(timeImport))
  return groups.map((_, index) => Math.min(...rounds.map((times) => times[index])))
}

/** What importing these leaves behind in a process, beside the modules: globals, listeners, timers, sockets. */
function traces(names) {
  const code = `const look = () => JSON.stringify([Object.getOwnPropertyNames(globalThis).sort(), process.eventNames().map((name) => [String(name), process.listenerCount(name)]), process.getActiveResourcesInfo().filter((one) => one !== 'FSReqPromise' && one !== 'PipeWrap' && one !== 'TTYWrap')]);
const before = look(); await Promise.all(${JSON.stringify(names.map(dist))}.map((file) => import(file))); await new Promise(setImmediate); process.stdout.write(before === look() ? '' : before + ' became ' + look())`
  return spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' }).stdout
}

let failed = false
const check = (what, value, limit, unit) => {
  failed ||= !(value < limit)
  process.stdout.write(
    `${value < limit ? 'ok  ' : 'FAIL'}  ${what}: ${value.toFixed(2)} ${unit} (limit ${limit})\n`,
  )
}
check('core, min+gzip', await weigh('core'), 8, 'KB')
for (const name of ['claude', 'gemini', 'openai', 'ollama'])
  check(`${name} without its SDK, min+gzip`, await weigh(name), 6, 'KB')
// Beside what they wrap, in the same run: a machine may be slow.
const [theirs, core, every] = timeImports([
  ['openai', '@anthropic-ai/sdk'].map((name) => import.meta.resolve(name)),
  [dist('core')],
  ['claude', 'gemini', 'openai', 'ollama', 'local'].map(dist),
])
process.stdout.write(`importing the SDKs of OpenAI and Anthropic: ${theirs.toFixed(2)} ms\n`)
check('importing core', (100 * core) / theirs, 10, '% of that')
check('importing every backend', (100 * every) / theirs, 25, '% of that')
// mcp and langchain stand on packages of others, which set globals when they are imported.
const packages = [
  'core',
  'claude',
  'gemini',
  'openai',
  'ollama',
  'local',
  'policies',
  'queue',
  'config',
  'ai-sdk',
]
const leaving = packages.filter((name) => traces([name]) !== '')
failed ||= leaving.length > 0
process.stdout.write(
  leaving.length === 0
    ? 'ok    importing a package does nothing else: no global, listener, timer or socket\n'
    : `FAIL  importing ${leaving.join(', ')} leaves a global, a listener, a timer or a socket\n`,
)
process.exit(failed ? 1 : 0)
