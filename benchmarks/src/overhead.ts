// Overhead of the library: the client's CPU per streamed token and per call, beside the vendor's SDK, the AI SDK,
// LangChain, and a hand-written fetch loop as the floor. Peers are installed beside, not into, this repository.
//   node scripts/run-ts.mjs benchmarks/src/overhead.ts [--rounds 5]
import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { bundled } from './bundle.js'
import type { Client } from './overhead-round.js'
import { peersAt } from './peers.js'
import { plotBars } from './plot.js'
import { at, machine, plotAt, writeReport } from './report.js'

const rounds = Number(parseArgs({ options: { rounds: { type: 'string', default: '5' } } }).values.rounds)

const peers = peersAt()

for (const name of ['overhead-round', 'overhead-upstream']) await bundled(name)
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
  ...(peers !== undefined
    ? ([
        ['ai', 'ai 6.0.326 + @ai-sdk/openai 3.0.141'],
        ['langchain', '@langchain/openai 1.5.8'],
      ] satisfies [Client, string][])
    : []),
]
const shortNames: Record<Client, string> = {
  floor: 'fetch loop',
  patchbay: 'patchbay',
  policy: 'patchbay, a policy',
  policies: 'patchbay, policies',
  openai: 'openai',
  ai: 'ai',
  langchain: 'langchain',
}
const figures = ['tokenUs', 'callUs', 'firstCallUs'] as const
type Cost = Record<(typeof figures)[number], number>
const results = new Map<Client, Cost[]>(clients.map(([client]) => [client, []]))
for (let round = 0; round < rounds; round++)
  for (const [client] of clients) {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [at('.cache/overhead-round.mjs'), client, url, peers ?? ''],
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
  `${machine()}; CPU time of the client's process; 500 tokens a stream, a packet each; medians of ${rounds} rounds in turn.`,
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
]
writeReport('overhead', Object.fromEntries(results), lines)
const titles = {
  tokenUs: 'µs per streamed token',
  callUs: 'µs per call',
  firstCallUs: 'µs per call, the first 150',
}
plotBars(
  figures.map((figure) => ({
    title: titles[figure],
    bars: clients
      .filter(([client]) => client !== 'policy' && client !== 'policies')
      .map(([client]) => ({ name: shortNames[client], value: median(client, figure) })),
  })),
  plotAt('overhead'),
)
process.exit(0)
