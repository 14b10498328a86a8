// Size of a package: the bundle of a tiny program that streams an answer, the time to import it, and what an install
// of it brings. Peers are installed beside this repository, ours from what would be published.
//   node scripts/run-ts.mjs benchmarks/src/weight.ts [--rounds 9]
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { type BuildOptions, build } from 'esbuild'
import { installed } from './peers.js'
import { plotBars } from './plot.js'
import { at, machine, median, plotAt, writeReport } from './report.js'

const rounds = Number(parseArgs({ options: { rounds: { type: 'string', default: '9' } } }).values.rounds)

interface Contestant {
  name: string
  /** For the plot. */
  short: string
  packages: Record<string, string>
  /** Ours: packed from this checkout. */
  own?: string[]
  /** Streams an answer; what it imports is what is weighed. */
  program: string
}

const sdk = {
  openai: '6.49.0',
  '@anthropic-ai/sdk': '1.13.0',
}
const ours = (backend: 'openai' | 'claude', peer: keyof typeof sdk): Contestant => ({
  name: `\`@patchbay/${backend}\` with ${peer}`,
  short: `patchbay ${backend}`,
  packages: { [peer]: sdk[peer] },
  own: ['core', backend],
  program: `import { ${backend} } from '@patchbay/${backend}'
for await (const text of ${backend}('m').stream('Hi').text) process.stdout.write(text)`,
})
const contestants: Contestant[] = [
  ours('openai', 'openai'),
  {
    name: 'openai 6.49.0',
    short: 'openai',
    packages: { openai: sdk.openai },
    program: `import OpenAI from 'openai'
const stream = await new OpenAI().responses.create({ model: 'm', input: 'Hi', stream: true })
for await (const event of stream) if (event.type === 'response.output_text.delta') process.stdout.write(event.delta)`,
  },
  {
    name: 'ai 6.0.326 + @ai-sdk/openai 3.0.141',
    short: 'ai',
    packages: { ai: '6.0.326', '@ai-sdk/openai': '3.0.141', zod: '4.6.7' },
    program: `import { openai } from '@ai-sdk/openai'
import { streamText } from 'ai'
for await (const text of streamText({ model: openai('m'), prompt: 'Hi' }).textStream) process.stdout.write(text)`,
  },
  {
    name: '@langchain/openai 1.5.8',
    short: 'langchain',
    packages: { '@langchain/openai': '1.5.8', '@langchain/core': '1.4.0' },
    program: `import { ChatOpenAI } from '@langchain/openai'
for await (const chunk of await new ChatOpenAI({ model: 'm' }).stream('Hi')) process.stdout.write(chunk.text)`,
  },
  ours('claude', '@anthropic-ai/sdk'),
  {
    name: '@anthropic-ai/sdk 1.13.0',
    short: 'anthropic',
    packages: { '@anthropic-ai/sdk': sdk['@anthropic-ai/sdk'] },
    program: `import Anthropic from '@anthropic-ai/sdk'
const stream = new Anthropic().messages.stream({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] })
stream.on('text', (text) => process.stdout.write(text))
await stream.finalMessage()`,
  },
]

const esm: BuildOptions = {
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  logLevel: 'error',
  // CommonJS among the dependencies calls `require`.
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module';const require=makeRequire(import.meta.url);",
  },
}

interface Figures {
  /** Minified and gzipped, all that may ever be loaded. */
  bundleKb: number
  /** The same, of what is loaded at the start. */
  startKb: number
  importMs: number[]
  packages: number
  installMb: number
}

const figures: Record<string, Figures> = {}
const folders = new Map<Contestant, string>()
for (const contestant of contestants) {
  const folder = at(`.cache/weight/${contestant.short.replace(' ', '-')}`)
  // What is ours changes from one run to the next.
  if (contestant.own) rmSync(folder, { recursive: true, force: true })
  const packed = Object.fromEntries((contestant.own ?? []).map((name) => [`@patchbay/${name}`, pack(name)]))
  if (!installed(folder, { ...contestant.packages, ...packed })) continue
  folders.set(contestant, folder)
  figures[contestant.name] = { ...(await bundled(contestant, folder)), importMs: [], ...weighed(folder) }
}
for (let round = 0; round < rounds; round++)
  for (const [{ name, short }] of folders)
    figures[name]?.importMs.push(imported(at(`.cache/weight/${short.replace(' ', '-')}/bundle/load.mjs`)))

const columns: [title: string, pick: (one: Figures) => number, digits: number][] = [
  ['at the start, KB', ({ startKb }) => startKb, 1],
  ['in all, KB', ({ bundleKb }) => bundleKb, 1],
  ['import, ms', ({ importMs }) => median(importMs), 0],
  ['packages', ({ packages }) => packages, 0],
  ['on disk, MB', ({ installMb }) => installMb, 1],
]
writeReport('weight', figures, [
  `${machine()}; a program that streams an answer, bundled by esbuild, minified and gzipped (1 KB = 1,000 bytes): what it loads at the start, and with the first call; import is that of what the program imports, bundled, in a fresh process, median of ${rounds} in turn.`,
  '',
  `| | ${columns.map(([title]) => title).join(' | ')} |`,
  `|---|${columns.map(() => '---|').join('')}`,
  ...Object.entries(figures).map(
    ([name, one]) =>
      `| ${name} | ${columns.map(([, pick, digits]) => pick(one).toFixed(digits)).join(' | ')} |`,
  ),
])
const colourOf = ({ own }: Contestant) => (own ? '#2563eb' : '#94a3b8')
plotBars(
  [columns[0], columns[1], columns[2]].flatMap((column) => {
    if (column === undefined) return []
    const [title, pick] = column
    const bars = [...folders.keys()].map((contestant) => {
      const one = figures[contestant.name]
      return { name: contestant.short, value: one && pick(one), colour: colourOf(contestant) }
    })
    return [{ title, bars }]
  }),
  plotAt('weight'),
)

/** The tarball of a package of ours, as it would be published. */
function pack(name: string): string {
  const folder = at('.cache/weight')
  mkdirSync(folder, { recursive: true })
  const { stdout, status } = spawnSync(
    'npm',
    ['pack', '--json', '--ignore-scripts', `--pack-destination=${folder}`],
    {
      cwd: at(`../packages/${name}`),
      encoding: 'utf8',
      shell: process.platform === 'win32',
    },
  )
  if (status !== 0) throw new Error(`npm pack failed for ${name}`)
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }]
  return `file:${join(folder, filename)}`
}

async function bundled({ program }: Contestant, folder: string) {
  const outdir = join(folder, 'bundle')
  rmSync(outdir, { recursive: true, force: true })
  const settings = { absWorkingDir: folder, outdir, outExtension: { '.js': '.mjs' }, ...esm }
  const lines = program.split('\n').filter((line) => line.startsWith('import'))
  const names = lines.map((line) => /^import \{? ?(\w+)/.exec(line)?.[1])
  const load = `${lines.join('\n')}\nexport { ${names.join(', ')} }`
  await build({ ...settings, stdin: { contents: load, resolveDir: folder }, entryNames: 'load' })
  const { metafile } = await build({
    ...settings,
    stdin: { contents: program, resolveDir: folder },
    entryNames: 'start',
    chunkNames: 'start-[hash]',
    metafile: true,
  })
  const start = new Set([
    Object.keys(metafile.outputs).find((file) => metafile.outputs[file]?.entryPoint === '<stdin>') ?? '',
  ])
  for (const file of start)
    for (const { path, kind, external } of metafile.outputs[file]?.imports ?? [])
      if (kind === 'import-statement' && !external) start.add(path)
  const size = (files: Iterable<string>) => {
    const texts = [...files].map((file) => readFileSync(join(folder, file)))
    return gzipSync(Buffer.concat(texts), { level: 9 }).length / 1000
  }
  return { startKb: size(start), bundleKb: size(Object.keys(metafile.outputs)) }
}

/** Milliseconds until what the program imports is there. */
function imported(file: string): number {
  const code = `const t = performance.now(); await import(${JSON.stringify(file)}); process.stdout.write(String(performance.now() - t))`
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${file} does not load:\n${stderr}`)
  return Number(stdout)
}

/** How many packages an install brings, and what they take. */
function weighed(folder: string): { packages: number; installMb: number } {
  let packages = 0
  let bytes = 0
  for (const entry of readdirSync(join(folder, 'node_modules'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    bytes += statSync(join(entry.parentPath, entry.name)).size
    if (entry.name === 'package.json' && /node_modules\/(@[^/]+\/)?[^/]+$/.test(entry.parentPath)) packages++
  }
  return { packages, installMb: bytes / 1e6 }
}
