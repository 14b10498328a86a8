// Overhead of a gateway: added latency, CPU time a request and a token, and memory of open streams, beside Portkey's gateway and
// LiteLLM's proxy, which are installed beside this repository, and a bare proxy as the floor. All over one service that answers at once.
//   node scripts/run-ts.mjs benchmarks/src/gateway.ts [--seconds 2] [--rounds 7] [--no-peers]
import { mkdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { bundled } from './bundle.js'
import type { Load } from './gateway-load.js'
import {
  litellm,
  load,
  portkey,
  type Running,
  started,
  startLitellm,
  startPortkey,
} from './gateway-processes.js'
import { plotBars } from './plot.js'
import { cpuOf, memoryOf } from './proc.js'
import { at, machine, median, percentile, plotAt, writeReport } from './report.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '7' },
    'no-peers': { type: 'boolean', default: false },
  },
})
const ms = Number(values.seconds) * 1000
const rounds = Number(values.rounds)

/** The figures of one round; memory is measured once, at the end. */
interface Figures {
  addedP50Ms: number
  addedP99Ms: number
  requestsPerSecond: number
  requestUs: number
  tokensPerSecond: number
  tokenUs: number
  burstTokenUs: number
  openStreams: number
  idleMb: number
  memoryMb: number
  streamKb: number
}

mkdirSync(at('.cache'), { recursive: true })
for (const name of ['gateway-upstream', 'gateway-bare', 'gateway-load', 'gateway-patchbay'])
  await bundled(name)
const upstream = await started('gateway-upstream')

const floor = 'a bare proxy (the floor)'
const gateways: [name: string, start: () => Promise<Running | string>][] = [
  [floor, () => started('gateway-bare', upstream.url)],
  ['@patchbay/gateway', () => started('gateway-patchbay', upstream.url)],
]
if (!values['no-peers'])
  gateways.push(
    [`@portkey-ai/gateway ${portkey}`, () => startPortkey(upstream)],
    [`LiteLLM proxy ${litellm}, one worker`, () => startLitellm(upstream)],
  )

/** Calls or tokens a second, and microseconds of the gateway's CPU time for each; empty if all calls failed. */
async function under(running: Running, kind: Load['kind'], what: 'calls' | 'tokens') {
  const pid = running.child.pid ?? 0
  const before = cpuOf(pid)
  const came = await load(running, kind, 16, ms)
  if (came.failed > 0) process.stderr.write(`${kind}: ${came.failed} failed: ${came.why}\n`)
  const us = (cpuOf(pid) - before) * 1e6
  return came.calls === 0 ? undefined : { perSecond: came[what] / (came.ms / 1000), us: us / came[what] }
}

async function measured(running: Running, direct: number[]): Promise<Partial<Figures>> {
  const { times = [], failed, why } = await load(running, 'latency', 1, 300)
  if (failed > 0) process.stderr.write(`${failed} of 300 calls failed: ${why}\n`)
  const requests = await under(running, 'requests', 'calls')
  const tokens = await under(running, 'stream', 'tokens')
  const burst = await under(running, 'burst', 'tokens')
  return {
    addedP50Ms: percentile(times, 0.5) - percentile(direct, 0.5),
    addedP99Ms: percentile(times, 0.99) - percentile(direct, 0.99),
    ...(requests && { requestsPerSecond: requests.perSecond, requestUs: requests.us }),
    ...(tokens && { tokensPerSecond: tokens.perSecond, tokenUs: tokens.us }),
    ...(burst && { burstTokenUs: burst.us }),
  }
}

async function memory(running: Running): Promise<Partial<Figures>> {
  const pid = running.child.pid ?? 0
  const idleMb = memoryOf(pid)
  let memoryMb = 0
  const held = await load(running, 'hold', 1000, 20_000, () => {
    memoryMb = memoryOf(pid)
  })
  const streamKb = ((memoryMb - idleMb) * 1024) / held.calls
  return { openStreams: held.calls, idleMb, memoryMb, ...(held.calls > 0 && { streamKb }) }
}

const running = new Map<string, Running>()
for (const [name, start] of gateways) {
  const gateway = await start()
  if (typeof gateway === 'string') process.stderr.write(`${name} is left out: ${gateway}.\n`)
  else running.set(name, gateway)
}
// The same warm-up for all, until the engine has compiled what runs often.
for (const gateway of running.values())
  for (const kind of ['requests', 'stream', 'burst'] as const) await load(gateway, kind, 16, 3 * ms)
const results: Record<string, Partial<Figures>[]> = Object.fromEntries(
  [...running.keys()].map((name) => [name, []]),
)
for (let round = 0; round < rounds; round++) {
  const { times: direct = [] } = await load(upstream, 'latency', 1, 300)
  for (const [name, gateway] of running) {
    results[name]?.push(await measured(gateway, direct))
    process.stderr.write('.')
  }
}
for (const [name, gateway] of running) {
  results[name]?.push(await memory(gateway))
  gateway.child.kill()
}
process.stderr.write('\n')

function figureOf(name: string, figure: keyof Figures): number | undefined {
  const known = (results[name] ?? []).flatMap((one) => one[figure] ?? [])
  return known.length === 0 ? undefined : median(known)
}

/** A figure, and how many times that of the floor it is. */
function cellOf(name: string, figure: keyof Figures, digits: number, isRatio: boolean): string {
  const value = figureOf(name, figure)
  if (value === undefined) return '–'
  const text = value.toLocaleString('en', { maximumFractionDigits: digits })
  return isRatio && name !== floor
    ? `${text} (${(value / (figureOf(floor, figure) ?? 0)).toFixed(1)}×)`
    : text
}

const columns: [figure: keyof Figures, title: string, digits: number, isRatio: boolean][] = [
  ['addedP50Ms', 'added p50, ms', 2, true],
  ['addedP99Ms', 'added p99, ms', 2, true],
  ['requestUs', 'CPU a request, µs', 0, true],
  ['tokenUs', 'CPU a token, a packet each, µs', 1, true],
  ['burstTokenUs', 'CPU a token, 20 a packet, µs', 1, true],
  ['requestsPerSecond', 'requests/s', 0, false],
  ['tokensPerSecond', 'tokens/s', 0, false],
  ['openStreams', 'of 1,000 streams open', 0, false],
  ['idleMb', 'memory before, MB', 0, false],
  ['memoryMb', 'memory then, MB', 0, true],
  ['streamKb', 'memory an open stream, KB', 0, true],
]
const lines = [
  `${machine()}; 16 callers, ${values.seconds} s a load, streams of 500 tokens; medians of ${rounds} rounds in turn, after a warm-up. In brackets: times the floor.`,
  '',
  `| | ${columns.map(([, title]) => title).join(' | ')} |`,
  `|---|${columns.map(() => '---|').join('')}`,
  ...[...running.keys()].map(
    (name) =>
      `| ${name} | ${columns.map(([figure, , digits, isRatio]) => cellOf(name, figure, digits, isRatio)).join(' | ')} |`,
  ),
]
writeReport('gateway', results, lines)
const short = (name: string) =>
  name.replace(/^@|-ai| proxy|,.*| [\d.]+$/g, '').replace('a bare (the floor)', 'floor')
const panels: [figure: keyof Figures, title: string][] = [
  ['addedP50Ms', 'added latency p50, ms'],
  ['requestUs', 'CPU a request, µs'],
  ['tokenUs', 'CPU a token, µs'],
  ['memoryMb', 'MB, 1,000 streams open'],
]
plotBars(
  panels.map(([figure, title]) => ({
    title,
    bars: [...running.keys()].map((name) => {
      const fits = figure !== 'memoryMb' || figureOf(name, 'openStreams') === 1000
      return { name: short(name), value: fits ? figureOf(name, figure) : undefined }
    }),
  })),
  plotAt('gateway'),
)
process.exit(0)
