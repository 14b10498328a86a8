// What it costs to sit on top: the client's CPU per streamed token and per call, beside the vendor's SDK, the AI SDK,
// LangChain, and a hand-written fetch loop as the floor. Peers are installed beside, not into, this repository.
//   node scripts/run-ts.mjs benchmarks/src/overhead.ts [--rounds 5]
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import type { Client } from './overhead-round.js'

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const rounds = Number(parseArgs({ options: { rounds: { type: 'string', default: '5' } } }).values.rounds)

const peers = at('.cache/peers')
mkdirSync(peers, { recursive: true })
mkdirSync(at('results'), { recursive: true })
if (!existsSync(`${peers}/node_modules`)) {
  const dependencies = {
    ai: '6.0.326',
    '@ai-sdk/openai': '3.0.141',
    '@langchain/openai': '1.5.8',
    '@langchain/core': '1.4.0',
    zod: '4.6.7',
  }
  writeFileSync(`${peers}/package.json`, JSON.stringify({ private: true, dependencies }))
  const { status } = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: peers,
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) process.stderr.write('The peers cannot be installed (no registry?); they are left out.\n')
}

for (const name of ['overhead-round', 'overhead-upstream'])
  await build({
    entryPoints: [at(`src/${name}.ts`)],
    outfile: at(`.cache/${name}.mjs`),
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
  })
const upstream = spawn(process.execPath, [at('.cache/overhead-upstream.mjs')], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
process.on('exit', () => upstream.kill())
const { value: url } = await createInterface({ input: upstream.stdout })[Symbol.asyncIterator]().next()

const clients: [client: Client, name: string][] = [
  ['floor', 'hand-written fetch loop (the floor)'],
  ['patchbay', '@patchbay/openai'],
  ['policy', 'the same in `breaker`'],
  ['policies', 'the same in five policies'],
  ['openai', 'openai 6.49.0'],
  ...(existsSync(`${peers}/node_modules/ai`)
    ? ([
        ['ai', 'ai 6.0.326 + @ai-sdk/openai 3.0.141'],
        ['langchain', '@langchain/openai 1.5.8'],
      ] satisfies [Client, string][])
    : []),
]
const figures = ['tokenUs', 'callUs', 'firstCallUs'] as const
type Cost = Record<(typeof figures)[number], number>
const results = new Map<Client, Cost[]>(clients.map(([client]) => [client, []]))
for (let round = 0; round < rounds; round++)
  for (const [client] of clients) {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [at('.cache/overhead-round.mjs'), client, url, peers],
      { encoding: 'utf8' },
    )
    if (status !== 0) throw new Error(`${client} failed:\n${stderr}`)
    results.get(client)?.push(JSON.parse(stdout))
    process.stderr.write('.')
  }
process.stderr.write('\n')

const median = (client: Client, figure: keyof Cost) =>
  (results.get(client) ?? []).map((cost) => cost[figure]).sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0
const lines = [
  '# What it costs to sit on top',
  '',
  `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.version}; CPU time of the client's process; 500 tokens a stream, a packet each; medians of ${rounds} rounds in turn.`,
  '',
  '| | µs per streamed token | ÷ floor | µs per call | ÷ floor | µs per call, the first 150 | ÷ floor |',
  '|---|---|---|---|---|---|---|',
  ...clients.map(([client, name]) => {
    const cells = figures.map((figure) => {
      const us = median(client, figure)
      return `${us.toFixed(us < 100 ? 1 : 0)} | ${(us / median('floor', figure)).toFixed(2)}`
    })
    return `| ${name} | ${cells.join(' | ')} |`
  }),
  '',
]
process.stdout.write(`${lines.join('\n')}\n`)
writeFileSync(at('results/overhead.md'), lines.join('\n'))
writeFileSync(at('results/overhead.json'), `${JSON.stringify(Object.fromEntries(results), null, 2)}\n`)
process.exit(0)
