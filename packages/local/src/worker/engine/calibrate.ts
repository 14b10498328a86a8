// Calibration: measures the fastest number of threads and batch size for a model on this machine, and caches the result.
// The engine's own number of threads can be hundreds of times too slow: more threads than free cores wait for each other
// in a loop.
import { stat } from 'node:fs/promises'
import { cpus } from 'node:os'
import type { LlamaModel } from 'node-llama-cpp'
import type { LoadSettings } from '../../supervisor/protocol.js'
import { bestOf, type Trial } from './best-of.js'
import { CalibrationCache, type Measurement } from './calibration-cache.js'
import { attentionBlock } from './prompt-batching.js'

/** The chosen settings and their reason. */
export interface Calibration {
  threads: number
  batchSize: number
  /** The reason, for people. */
  why: string
  /** What was measured, now or earlier; nothing where the threads are configured. */
  measured?: Measurement
}

// A prompt slice and some decoding steps: roughly the mix of a chat turn.
const promptTokens = attentionBlock
const decodeSteps = 8
/** The engine's default batch size, and one for CPUs with smaller caches. */
const batchSizes = [512, 128] as const
const defaultBatch = batchSizes[0]
/** Longest try of a batch size, in milliseconds. */
const mostBatchMs = 2_000
/** Below this share of the CPU time that its threads should have had, others took the cores. */
const quietShare = 0.85

interface Turn extends Trial {
  promptMs: number
  /** CPU time of this process over the time that its threads should have had. */
  share: number
}

/** What a model's measurement is stored under. */
async function cacheOf(model: LlamaModel, cores: number, { cacheDir, modelPath }: LoadSettings) {
  const { size } = await stat(modelPath)
  const { name = '' } = model.fileInfo.metadata.general
  return new CalibrationCache(
    cacheDir,
    [cpus()[0]?.model ?? '', cores, size, name, model.llama.gpu].join('|'),
  )
}

/** The fastest number of threads, from 1 to `cores`, and the fastest batch size. Cached in `cacheDir`. */
export async function calibrate(
  model: LlamaModel,
  cores: number,
  engine: string,
  settings: LoadSettings,
): Promise<Calibration> {
  const { threads } = settings
  if (threads !== undefined) return { threads, batchSize: defaultBatch, why: 'as configured' }
  const cache = await cacheOf(model, cores, settings)
  const known = await cache.read(engine)
  if (known !== undefined)
    return { ...pick(known), why: `measured earlier (cached): ${known.why}`, measured: known }
  const measured = await measure(model, cores, engine)
  await cache.write(measured)
  return { ...pick(measured), why: `measured: ${measured.why}`, measured }
}

/** The model is far slower than it was measured: the next process measures it again. */
export async function forgetCalibration(
  model: LlamaModel,
  cores: number,
  settings: LoadSettings,
): Promise<void> {
  await (await cacheOf(model, cores, settings)).write(undefined)
}

function pick({ threads, batchSize }: Measurement): Pick<Calibration, 'threads' | 'batchSize'> {
  return { threads, batchSize }
}

/** 1, 2, 4, … and the number of cores. */
function candidates(cores: number): [number, ...number[]] {
  const counts = new Set<number>()
  for (let count = 2; count < cores; count *= 2) counts.add(count)
  if (cores > 1) counts.add(cores)
  return [1, ...counts]
}

async function measure(model: LlamaModel, cores: number, engine: string): Promise<Measurement> {
  const turns = await bestOf(candidates(cores), (threads) => timeTurn(model, threads), { ordered: true })
  const { setting: threads, best } = turns.best
  const batch = await bestBatch(model, threads, best.promptMs / promptTokens)
  // A GPU works while this process waits.
  const busy = model.llama.gpu === false && best.share < quietShare
  const tried = turns.tried.map(
    ({ setting, best }) => `${setting} ${setting === 1 ? 'thread' : 'threads'} ${Math.round(best.ms)} ms`,
  )
  const note = busy ? ['while other programs took the cores: measured again when loaded after an hour'] : []
  return {
    threads,
    batchSize: batch.size,
    stepMs: (best.ms - best.promptMs) / decodeSteps,
    why: [...tried, ...batch.tried, ...note].join(', '),
    engine,
    measuredAt: Date.now(),
    busy,
  }
}

/** Times one short chat turn. */
function timeTurn(model: LlamaModel, threads: number): Promise<Turn> {
  return withContext(model, { contextSize: 256, threads, batchSize: defaultBatch }, async (evaluate) => {
    const cpu = process.cpuUsage()
    const started = performance.now()
    await evaluate(promptTokens)
    const promptMs = performance.now() - started
    for (let step = 0; step < decodeSteps; step++) await evaluate(1)
    const ms = performance.now() - started
    const { user, system } = process.cpuUsage(cpu)
    return { ms, promptMs, share: (user + system) / 1000 / (ms * threads) }
  })
}

async function bestBatch(
  model: LlamaModel,
  threads: number,
  msPerToken: number,
): Promise<{ size: number; tried: string[] }> {
  const tokens = defaultBatch
  if (msPerToken * tokens > mostBatchMs) return { size: defaultBatch, tried: [] }
  const trial = (size: number): Promise<Trial> =>
    withContext(model, { contextSize: tokens * 2, threads, batchSize: size }, async (evaluate) => {
      const started = performance.now()
      await evaluate(tokens)
      return { ms: performance.now() - started }
    })
  const { best, tried } = await bestOf(batchSizes, trial, { ordered: false })
  const [usual] = tried
  // Another size than the default must win by more than the noise of one measurement.
  const wins = usual === undefined || best.best.ms < usual.best.ms * 0.9
  return {
    size: wins ? best.setting : defaultBatch,
    tried: tried.map(({ setting, best }) => `batches of ${setting} ${Math.round(best.ms)} ms`),
  }
}

async function withContext<T>(
  model: LlamaModel,
  options: { contextSize: number; threads: number; batchSize: number },
  time: (evaluate: (tokens: number) => Promise<void>) => Promise<T>,
): Promise<T> {
  const context = await model.createContext({ sequences: 1, ...options })
  try {
    const sequence = context.getSequence()
    const token = model.tokens.bos ?? model.tokenize('a')[0]
    const evaluate = async (count: number): Promise<void> => {
      if (token !== undefined) await sequence.evaluateWithoutGeneratingNewTokens(Array(count).fill(token))
    }
    // The first evaluation allocates buffers and does not count.
    await evaluate(2)
    return await time(evaluate)
  } finally {
    await context.dispose()
  }
}
