// Limits and budgets shared through Redis, beside rate-limiter-flexible with one step before a call and one after it: calls a
// second and the time of a call, in one process and in four, against the same Redis in the same run.
//   node scripts/run-ts.mjs benchmarks/src/shared.ts [--rounds 5] [--ms 2000]
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { bundled } from './bundle.js'
import { at, machine, median, percentile, writeReport } from './report.js'
import type { Contestant, Round } from './shared-round.js'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, ms: { type: 'string', default: '2000' } },
})
const rounds = Number(values.rounds)
const ms = Number(values.ms)

await bundled('shared-round')
const folder = mkdtempSync(join(tmpdir(), 'patchbay-shared-'))
const port = await new Promise<number>((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
  })
})
const redis = spawn('redis-server', [
  '--port',
  String(port),
  '--bind',
  '127.0.0.1',
  '--save',
  '',
  '--dir',
  folder,
])
process.on('exit', () => {
  redis.kill()
  rmSync(folder, { recursive: true, force: true })
})
for await (const line of createInterface({ input: redis.stdout })) if (line.includes('Ready to accept')) break

/** One round in so many processes at once. */
async function round(contestant: Contestant, processes: number): Promise<Round[]> {
  const children = Array.from({ length: processes }, () => {
    const args = [at('.cache/shared-round.mjs'), `redis://127.0.0.1:${port}`, contestant, String(ms)]
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() }
  })
  for (const { lines } of children) await lines.next()
  for (const { child } of children) child.stdin.write('go\n')
  return Promise.all(children.map(async ({ lines }) => JSON.parse((await lines.next()).value as string)))
}

const contestants: [Contestant, string][] = [
  ['peer', 'rate-limiter-flexible 11.4.0, two steps and no call'],
  ['peer-call', 'the same, with the call between the steps'],
  ['limit', '`limit` (requests and concurrency)'],
  ['budget', '`budget` (US dollars)'],
  ['bare', 'the call without a counter'],
]
const counts = [1, 4]
interface Figure {
  perSecond: number
  /** Microseconds of CPU time a call, of the calling processes. */
  client: number
  p99: number
}
const figures = new Map<string, Figure[]>()
for (let turn = 0; turn < rounds; turn++)
  for (const count of counts)
    for (const [contestant] of contestants) {
      const all = await round(contestant, count)
      const calls = all.reduce((sum, one) => sum + one.calls, 0)
      const figure = {
        perSecond: calls / (ms / 1000),
        client: all.reduce((sum, { cpu }) => sum + cpu, 0) / calls,
        p99: percentile(
          all.flatMap(({ times }) => times),
          0.99,
        ),
      }
      const key = `${contestant} ${count}`
      figures.set(key, [...(figures.get(key) ?? []), figure])
      process.stderr.write('.')
    }
process.stderr.write('\n')

const of = (key: string, name: keyof Figure) => median((figures.get(key) ?? []).map((figure) => figure[name]))
writeReport('shared', Object.fromEntries(figures), [
  `${machine()}; one Redis on the same machine, 64 calls at once in each process; medians of ${rounds} rounds in turn.`,
  '',
  '| | 1 process: calls/s | ÷ theirs | p99 ms | CPU µs a call | 4 processes: calls/s | ÷ theirs | p99 ms | CPU µs a call |',
  '|---|---|---|---|---|---|---|---|---|',
  ...contestants.map(([contestant, name]) => {
    const cells = counts.map((count) => {
      const perSecond = of(`${contestant} ${count}`, 'perSecond')
      const ratio = perSecond / of(`peer ${count}`, 'perSecond')
      const figures = [
        of(`${contestant} ${count}`, 'p99').toFixed(1),
        of(`${contestant} ${count}`, 'client').toFixed(0),
      ]
      return [Math.round(perSecond), ratio.toFixed(2), ...figures].join(' | ')
    })
    return `| ${name} | ${cells.join(' | ')} |`
  }),
])
redis.kill()
