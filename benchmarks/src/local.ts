// The local worker beside direct use of node-llama-cpp: one model file, one run, rounds in turn, medians and ratios.
//   npm run bench -- [--rounds 8] [--model FILE]
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { local } from '@patchbay/local'
import { bundled } from './bundle.js'
import type { Figures, Kind } from './local-round.js'
import { plotBars } from './plot.js'
import { randomModel } from './random-model.js'
import { machine, median, plotAt, writeReport } from './report.js'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '8' }, model: { type: 'string' } },
})
const rounds = Number(values.rounds)

const model = values.model ?? randomModel()

// Each round is a process of its own, so that its CPU time and event loop are its own.
const round = await bundled('local-round')

const provider = local(model)
await provider.chat({ messages: 'hi', maxOutputTokens: 1 })
const threads = provider.stats().loaded?.threads ?? 1
await provider.close()

const kinds: { kind: Kind; name: string; pool: string | undefined; threads: number | undefined }[] = [
  { kind: 'evaluate', name: 'direct: evaluate loop, tuned', pool: '1', threads },
  { kind: 'session', name: 'direct: chat session, tuned', pool: '1', threads },
  { kind: 'session', name: 'direct: chat session, as it comes', pool: undefined, threads: undefined },
  { kind: 'patchbay', name: 'patchbay: local()', pool: undefined, threads },
]
const results = new Map<string, Figures[]>(kinds.map(({ name }) => [name, []]))
process.stderr.write(`${model}: ${rounds} rounds, ${threads} threads\n`)
for (let turn = 0; turn < rounds; turn++)
  for (const { kind, name, pool, threads } of kinds) {
    // One round of this is enough to see it.
    if (turn > 0 && kind === 'session' && threads === undefined) continue
    const { UV_THREADPOOL_SIZE: _, ...env } = process.env
    const { stdout, status, stderr } = spawnSync(
      process.execPath,
      [round, kind, model, String(threads ?? '')],
      {
        encoding: 'utf8',
        env: { ...env, ...(pool !== undefined && { UV_THREADPOOL_SIZE: pool }) },
      },
    )
    if (status !== 0) throw new Error(`${name} failed:\n${stderr}`)
    results.get(name)?.push(JSON.parse(stdout))
    process.stderr.write('.')
  }
process.stderr.write('\n')

const columns: [title: string, figure: keyof Figures, digits: number][] = [
  ['decode, tokens/s', 'tokensPerSecond', 1],
  ['first token, ms', 'firstTokenMs', 1],
  ['CPU of the app per token, µs', 'appCpuPerTokenUs', 0],
  ['event loop delay p99, ms', 'loopDelayP99Ms', 1],
  ['abort while decoding, ms', 'abortDecodeMs', 1],
  ['abort in a long prompt, ms', 'abortPromptMs', 0],
]
const medianOf = (name: string, figure: keyof Figures) =>
  median((results.get(name) ?? []).flatMap((figures) => figures[figure] ?? []))

const lines = [
  `${machine()}; ${values.model ?? 'a random-weight Llama of 98 MB (Q8_0)'}; medians of ${rounds} rounds in turn (one of "as it comes"), of all their answers for speed and first token; ${threads} threads; "tuned" is the same number of threads and \`UV_THREADPOOL_SIZE=1\`.`,
  '',
  `| | ${kinds.map(({ name }) => name).join(' | ')} | patchbay ÷ loop | patchbay ÷ session |`,
  `|---|${kinds.map(() => '---').join('|')}|---|---|`,
  ...columns.map(([title, figure, digits]) => {
    const values = kinds.map(({ name }) => medianOf(name, figure))
    const ratios = values.slice(0, 2).map((direct) => ((values.at(-1) ?? Number.NaN) / direct).toFixed(2))
    return `| ${title} | ${values.map((value) => (Number.isNaN(value) ? '–' : value.toFixed(digits))).join(' | ')} | ${ratios.join(' | ')} |`
  }),
]
writeReport('local', Object.fromEntries(results), lines)
const colours = ['#94a3b8', '#d97706', '#9333ea', '#2563eb']
plotBars(
  columns
    .filter(([, figure]) => figure !== 'appCpuPerTokenUs' && figure !== 'loopDelayP99Ms')
    .map(([title, figure]) => ({
      title,
      bars: kinds.flatMap(({ name }, index) => {
        // As it comes, the engine is hundreds of times slower: a bar of its own would flatten the others.
        if (name.includes('as it comes')) return []
        const value = medianOf(name, figure)
        const short = name.replace(/direct: |, tuned|patchbay: |`/g, '')
        return [{ name: short, value: Number.isNaN(value) ? undefined : value, colour: colours[index] }]
      }),
    })),
  plotAt('local'),
)
