import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { llamaServer, most, ollama, ours, type Said, type Way } from './callers-ways.js'
import { plotCallers } from './plot.js'
import { randomModel } from './random-model.js'
import { machine, median, percentile, plotAt, writeReport } from './report.js'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, model: { type: 'string' } },
})
const rounds = Number(values.rounds)
const answer = 64
const crowds = [1, 2, 4, most]
const model = values.model ?? randomModel()

/** What one way did, over all rounds. */
export interface CallersFigures {
  name: string
  /** By the number of callers at once: tokens per second of all of them, and each one's wait for the first token. */
  crowds: { callers: number; tokensPerSecond: number[]; firstTokenMs: number[] }[]
  /** The same eight questions, one after the other. */
  inTurn: { tokensPerSecond: number[] }
  /** Waits for the first token of a conversation's first turn, of some 2,000 tokens, and of its second. */
  firstTurnMs: number[]
  secondTurnMs: number[]
}

const subjects = ['a dog', 'a cat', 'the sea', 'a train', 'a king', 'the moon', 'bread', 'a bridge']
const words = 'river stone window garden letter winter market silver music paper candle forest mirror'.split(
  ' ',
)

/** A text of so many words that is in no cache. */
function text(count: number, seed: number): string {
  let state = seed + 1
  return Array.from({ length: count }, () => {
    state = (state * 16807) % 2147483647
    return words[state % words.length]
  }).join(' ')
}

let seeds = 0
const ways: Way[] = []
const own = ours(model)
await own.ask([{ role: 'user', content: 'hi' }], 1, () => {})
const { threads = 1, why = [] } = own.provider.stats().loaded ?? {}
ways.push(own)
const { LLAMA_SERVER, OLLAMA } = process.env
if (LLAMA_SERVER) ways.push(await llamaServer(LLAMA_SERVER, model, threads))
else process.stderr.write('llama-server is left out: LLAMA_SERVER names no program.\n')
if (OLLAMA) ways.push(await ollama(OLLAMA, model))
else process.stderr.write('Ollama is left out: OLLAMA names no program.\n')
for (const way of ways) await way.ask([{ role: 'user', content: 'hi' }], 8, () => {})

const figures = ways.map(
  ({ name }): CallersFigures => ({
    name,
    crowds: crowds.map((callers) => ({ callers, tokensPerSecond: [], firstTokenMs: [] })),
    inTurn: { tokensPerSecond: [] },
    firstTurnMs: [],
    secondTurnMs: [],
  }),
)

/** One question, and how long its first token took. */
async function timed(way: Way, messages: Said[], tokens: number) {
  const started = performance.now()
  let firstMs = Number.NaN
  const result = await way.ask(messages, tokens, () => {
    firstMs = performance.now() - started
  })
  return { ...result, firstMs }
}

const question = (seed: number, caller: number): Said[] => [
  { role: 'system', content: `You tell long stories. ${text(150, seed)}` },
  { role: 'user', content: `Tell me a long story about ${subjects[caller % subjects.length]}.` },
]
const perSecond = (answers: { tokens: number }[], started: number) =>
  answers.reduce((sum, { tokens }) => sum + tokens, 0) / ((performance.now() - started) / 1000)

for (let round = 0; round < rounds; round++)
  for (const [index, way] of ways.entries()) {
    const own = figures[index]
    if (own === undefined) continue
    for (const crowd of own.crowds) {
      const seed = seeds++
      const started = performance.now()
      const answers = await Promise.all(
        Array.from({ length: crowd.callers }, (_, caller) => timed(way, question(seed, caller), answer)),
      )
      crowd.tokensPerSecond.push(perSecond(answers, started))
      crowd.firstTokenMs.push(...answers.map(({ firstMs }) => firstMs))
    }
    const seed = seeds++
    const started = performance.now()
    const answers = []
    for (let caller = 0; caller < most; caller++)
      answers.push(await timed(way, question(seed, caller), answer))
    own.inTurn.tokensPerSecond.push(perSecond(answers, started))

    // A byte-level model has seven tokens a word, others little more than one.
    const long = text(values.model === undefined ? 280 : 1500, seeds++)
    const talk: Said[] = [
      { role: 'system', content: `You tell long stories. ${long}` },
      { role: 'user', content: 'Tell me a long story about a dog.' },
    ]
    const first = await timed(way, talk, 16)
    const second = await timed(
      way,
      [
        ...talk,
        { role: 'assistant', content: first.text },
        { role: 'user', content: 'Tell me a long story about a cat.' },
      ],
      16,
    )
    own.firstTurnMs.push(first.firstMs)
    own.secondTurnMs.push(second.firstMs)
    process.stderr.write('.')
  }
process.stderr.write('\n')
for (const way of ways.slice(1)) await way.close()

/** What eight streams cost the app that reads them, how soon an abort is over, and a crash. */
async function costs() {
  const { provider } = own
  const streams = () =>
    Promise.all(
      Array.from({ length: most }, (_, caller) => own.ask(question(caller, caller), answer * 2, () => {})),
    )
  // As it is once the app has run for a while.
  for (let turn = 0; turn < 4; turn++) await streams()
  const cpu = process.cpuUsage()
  const answers = await streams()
  const { user, system } = process.cpuUsage(cpu)
  const tokens = answers.reduce((sum, one) => sum + one.tokens, 0)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await streams()
  delay.disable()

  const stops: number[] = []
  const steps: number[] = []
  for (let turn = 0; turn < 100; turn++) {
    const stream = provider.stream({ messages: 'Tell me a long story.', maxOutputTokens: 400 })
    const pieces = stream.text[Symbol.asyncIterator]()
    await pieces.next()
    await new Promise((resolve) => setTimeout(resolve, (turn * 7) % 50))
    const aborted = performance.now()
    stream.abort()
    await stream.response().catch(() => {})
    while (provider.stats().running > 0) await new Promise((resolve) => setTimeout(resolve, 1))
    stops.push(performance.now() - aborted)
  }
  for (let turn = 0; turn < 10; turn++) {
    let firstAt = 0
    const { tokens: made } = await own.ask(question(turn, turn), answer, () => {
      firstAt = performance.now()
    })
    steps.push((performance.now() - firstAt) / (made - 1))
  }
  const restarts: number[] = []
  for (let turn = 0; turn < 5; turn++) {
    process.kill(provider.stats().pid ?? 0, 'SIGKILL')
    const killed = performance.now()
    let ms = Number.NaN
    // Asked while the process dies: the first may still get the error of the crash.
    while (Number.isNaN(ms))
      await own
        .ask([{ role: 'user', content: 'hi' }], 1, () => {
          ms = performance.now() - killed
        })
        .catch(() => {})
    restarts.push(ms - (provider.stats().loaded?.loadMs ?? 0))
  }
  return {
    cpuPerTokenUs: (user + system) / tokens,
    loopDelayP99Ms: delay.percentile(99) / 1e6,
    stopP50Ms: median(stops),
    stopP99Ms: percentile(stops, 0.99),
    stepMs: median(steps),
    restartMs: median(restarts),
  }
}
const cost = await costs()
await own.close()

const best = (pick: (figures: CallersFigures) => number, higher: boolean) => {
  const others = figures.slice(1).map(pick)
  return others.length === 0 ? Number.NaN : higher ? Math.max(...others) : Math.min(...others)
}
const rows: [title: string, pick: (figures: CallersFigures) => number, digits: number, higher: boolean][] = [
  ...crowds.flatMap((callers, index): typeof rows => {
    const crowd = ({ crowds }: CallersFigures) => crowds[index] ?? { tokensPerSecond: [], firstTokenMs: [] }
    const who = callers === 1 ? '1 caller' : `${callers} callers`
    return [
      [`${who}: tokens/s`, (one) => median(crowd(one).tokensPerSecond), 1, true],
      [`${who}: first token p50, ms`, (one) => median(crowd(one).firstTokenMs), 0, false],
      [`${who}: first token p99, ms`, (one) => percentile(crowd(one).firstTokenMs, 0.99), 0, false],
    ]
  }),
  ['8 in turn: tokens/s', ({ inTurn }) => median(inTurn.tokensPerSecond), 1, true],
  ['2,000-token turn: first token, ms', ({ firstTurnMs }) => median(firstTurnMs), 0, false],
  ['second turn: first token, ms', ({ secondTurnMs }) => median(secondTurnMs), 0, false],
]
const lines = [
  `${machine()}; ${values.model === undefined ? 'a random-weight Llama of 98 MB (Q8_0)' : model.split('/').at(-1)}; ${rounds} ${rounds === 1 ? 'round' : 'rounds in turn'}, ${answer} tokens an answer, a system text of 150 words that is new each time; ${threads} threads. ${why.join('; ')}.`,
  '',
  `| | ${figures.map(({ name }) => name).join(' | ')} | patchbay ÷ best other |`,
  `|---|${figures.map(() => '---').join('|')}|---|`,
  ...rows.map(([title, pick, digits, higher]) => {
    const all = figures.map(pick)
    const ratio = (all[0] ?? Number.NaN) / best(pick, higher)
    return `| ${title} | ${all.map((value) => value.toFixed(digits)).join(' | ')} | ${Number.isNaN(ratio) ? '–' : ratio.toFixed(2)} |`
  }),
  '',
  `Eight streams cost the app ${cost.cpuPerTokenUs.toFixed(0)} µs of CPU a token; its event loop waits ${cost.loopDelayP99Ms.toFixed(1)} ms (p99). From an abort until the sequence is free: ${cost.stopP50Ms.toFixed(1)} ms (p50), ${cost.stopP99Ms.toFixed(1)} ms (p99); a decode step takes ${cost.stepMs.toFixed(1)} ms. After a crash: ${cost.restartMs.toFixed(0)} ms to the first token, beside loading.`,
]
writeReport('callers', { figures, cost }, lines)
plotCallers(figures, plotAt('callers'))
