// Checks the dependency rules: arrows point one way, a backend has one vendor, core has none, and no file imports itself in a
// circle.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Which of our own packages each may depend on. */
const own = {
  core: [],
  ...Object.fromEntries(
    [
      'claude',
      'gemini',
      'local',
      'ollama',
      'openai',
      'policies',
      'queue',
      'mcp',
      'testing',
      'ai-sdk',
      'langchain',
    ].map((name) => [name, ['core']]),
  ),
  config: ['core', 'policies'],
  playground: [],
  gateway: ['config', 'core', 'playground', 'policies'],
  cli: ['claude', 'config', 'core', 'gateway', 'gemini', 'local', 'ollama', 'openai', 'policies', 'queue'],
}

/** The foreign packages of core and of a backend: types, readers of schemas and JSON, one vendor, a model's own templates. */
const vendors = {
  core: [
    '@cfworker/json-schema',
    '@standard-schema/spec',
    'fastest-levenshtein',
    'json5',
    'jsonriver',
    're2js',
  ],
  claude: ['@anthropic-ai/sdk'],
  gemini: ['@google/genai'],
  openai: ['openai'],
  ollama: ['ollama'],
  queue: ['bullmq', 'ioredis'],
  local: ['@huggingface/jinja', 'node-llama-cpp', 'undici'],
}

const problems = []
for (const group of ['packages', 'apps'])
  for (const name of readdirSync(`${root}/${group}`)) {
    const manifest = JSON.parse(readFileSync(`${root}/${group}/${name}/package.json`, 'utf8'))
    // What is only used where it is installed is no arrow.
    const { dependencies, peerDependencies = {}, peerDependenciesMeta = {} } = manifest
    const peers = Object.keys(peerDependencies).filter((one) => !peerDependenciesMeta[one]?.optional)
    const all = [...Object.keys(dependencies ?? {}), ...peers]
    const ours = all
      .filter((one) => one.startsWith('@patchbay/'))
      .map((one) => one.slice('@patchbay/'.length))
    const foreign = all.filter((one) => !one.startsWith('@patchbay/'))
    if (own[name] === undefined) problems.push(`${name} has no place in scripts/check-arrows.mjs yet.`)
    for (const one of ours)
      if (!(own[name] ?? []).includes(one)) problems.push(`${name} must not know ${one}.`)
    for (const one of vendors[name] === undefined ? [] : foreign)
      if (!vendors[name].includes(one)) problems.push(`${name} must not depend on ${one}.`)
  }

/** The files of a package that each of its files imports, types included. */
function importsOf(folder) {
  const files = readdirSync(folder, { recursive: true })
    .filter((file) => /\.tsx?$/.test(file) && !/\.test(-d)?\.ts$/.test(file))
    .map((file) => join(folder, file))
  return new Map(
    files.map((file) => {
      const paths = readFileSync(file, 'utf8').matchAll(
        /^(?:import|export)\b[^'"]*?'(\.[^']+)'|import\('(\.[^']+)'\)/gm,
      )
      const targets = [...paths].map(([, fixed, late]) => join(dirname(file), fixed ?? late))
      return [
        file,
        targets.flatMap((path) =>
          [path.replace(/\.js$/, '.ts'), path.replace(/\.js$/, '.tsx')].filter((one) => existsSync(one)),
        ),
      ]
    }),
  )
}

/** A way from a file back to itself, or nothing. */
function circleOf(imports) {
  const clear = new Set()
  const search = (file, path) => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (clear.has(file)) return undefined
    for (const next of imports.get(file) ?? []) {
      const circle = search(next, [...path, file])
      if (circle !== undefined) return circle
    }
    clear.add(file)
    return undefined
  }
  for (const file of imports.keys()) {
    const circle = search(file, [])
    if (circle !== undefined) return circle
  }
  return undefined
}

for (const group of ['packages', 'apps'])
  for (const name of readdirSync(`${root}/${group}`)) {
    const folder = join(root, group, name, 'src')
    const circle = existsSync(folder) ? circleOf(importsOf(folder)) : undefined
    if (circle !== undefined)
      problems.push(`imports go in a circle: ${circle.map((file) => relative(root, file)).join(' → ')}.`)
  }

for (const problem of problems) process.stdout.write(`FAIL  ${problem}\n`)
if (problems.length > 0) process.exit(1)
process.stdout.write('ok    arrows point one way\n')
