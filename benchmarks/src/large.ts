// Large answers and conversations: a text of ten million characters in one-character events, a tool's arguments of that length, a list of five million
// characters read while it comes, a conversation of 5,000 messages. CPU time and memory of the client's process at four sizes, each twice
// the one before: linear code takes twice as long. Beside a hand-written loop, the vendor's SDK and the AI SDK.
//   node scripts/run-ts.mjs benchmarks/src/large.ts [--scale 1] [--rounds 3] [--no-peers]
import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { bundled } from './bundle.js'
import type { Client, Kind } from './large-round.js'
import { peersAt } from './peers.js'
import { at, machine, median, writeReport } from './report.js'

const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
    'no-peers': { type: 'boolean', default: false },
  },
})
const scale = Number(values.scale)
const rounds = Number(values.rounds)
/** A client that takes longer for one size is not asked for the next. */
const mostMs = 120_000

const largest: [kind: Kind, title: string, size: number, unit: string][] = [
  ['text', 'a text, a character an event', 10_000_000 * scale, 'characters'],
  ['tool', 'the arguments of a tool, a character an event', 10_000_000 * scale, 'characters'],
  ['list', 'a list that is read while it comes, 16 characters an event', 5_000_000 * scale, 'characters'],
  ['talk', 'a conversation that is sent', 5000 * scale, 'messages'],
]
const peers = values['no-peers'] ? undefined : peersAt()
const clients: [client: Client, name: string, kinds?: Kind[]][] = [
  ['floor', 'hand-written fetch loop (the floor)'],
  ['patchbay', '@patchbay/openai'],
  ['claude', '@patchbay/claude', ['text', 'tool']],
  ['ollama', '@patchbay/ollama', ['text']],
  ['gemini', '@patchbay/gemini', ['text']],
  ['openai', "openai's own stream helper"],
  ...(peers === undefined
    ? []
    : ([['ai', 'ai 6.0.326 + @ai-sdk/openai 3.0.141']] satisfies [Client, string][])),
]

for (const name of ['large-round', 'large-upstream']) await bundled(name)
const upstream = spawn(process.execPath, [at('.cache/large-upstream.mjs')], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
process.on('exit', () => upstream.kill())
const { value: url } = await createInterface({ input: upstream.stdout })[Symbol.asyncIterator]().next()

interface Cost {
  seconds: number
  peakMb: number
}
/** What one process took; nothing if it took too long. */
function round(client: Client, kind: Kind, size: number): Cost | undefined {
  const script = [at('.cache/large-round.mjs'), client, kind, `${size}`, url, peers ?? '']
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, script, {
    encoding: 'utf8',
    timeout: mostMs,
    killSignal: 'SIGKILL',
  })
  process.stderr.write('.')
  if (signal === 'SIGKILL') return undefined
  if (status !== 0) process.stderr.write(`\n${client}, ${kind}, ${size}: ${stderr.slice(-600)}\n`)
  return status === 0 ? JSON.parse(stdout) : undefined
}

const figures: Record<string, Record<string, (Cost | undefined)[]>> = {}
const lines = [
  `${machine()}; CPU time and peak memory of the client's process, its start included; medians of ${rounds} rounds in turn. "Growth" is the time at the full size over that at half of it: 2 is linear, 4 is quadratic. – is more than ${mostMs / 1000} s.`,
]
for (const [kind, title, size, unit] of largest) {
  const asked = clients.filter(([, , kinds]) => kinds === undefined || kinds.includes(kind))
  const sizes = [1 / 8, 1 / 4, 1 / 2, 1].map((share) => Math.round(size * share))
  const came = new Map<Client, Map<number, Cost[]>>(asked.map(([client]) => [client, new Map()]))
  for (let turn = 0; turn < rounds; turn++)
    for (const [client] of asked)
      for (const each of sizes) {
        const cost = round(client, kind, each)
        if (cost === undefined) break
        came.get(client)?.set(each, [...(came.get(client)?.get(each) ?? []), cost])
      }
  const of = (client: Client, at: number): Cost | undefined => {
    const costs = came.get(client)?.get(sizes[at] ?? 0) ?? []
    if (costs.length === 0) return undefined
    return {
      seconds: median(costs.map((cost) => cost.seconds)),
      peakMb: median(costs.map((cost) => cost.peakMb)),
    }
  }
  figures[kind] = Object.fromEntries(asked.map(([client]) => [client, sizes.map((_, at) => of(client, at))]))
  const head = sizes.map((each) => `${each.toLocaleString('en')} ${unit}, s`)
  lines.push('', `**${title[0]?.toUpperCase()}${title.slice(1)}**`, '')
  lines.push(
    `| | ${head.join(' | ')} | growth | ÷ floor | peak MB |`,
    `|---|${'---|'.repeat(sizes.length + 3)}`,
  )
  const floor = of('floor', 3)
  for (const [client, name] of asked) {
    const costs = sizes.map((_, at) => of(client, at))
    const [half, full] = [costs[2], costs[3]]
    const cells = [
      ...costs.map((cost) => cost?.seconds.toFixed(2) ?? '–'),
      half && full ? (full.seconds / half.seconds).toFixed(2) : '–',
      full && floor ? (full.seconds / floor.seconds).toFixed(2) : '–',
      full ? full.peakMb.toFixed(0) : '–',
    ]
    lines.push(`| ${name} | ${cells.join(' | ')} |`)
  }
}
process.stderr.write('\n')
writeReport('large', figures, lines)
process.exit(0)
