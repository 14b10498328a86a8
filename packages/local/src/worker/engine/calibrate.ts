// Calibration: measures the fastest number of threads and batch size for a model on this machine, and caches the result.
// The engine's own number of threads can be hundreds of times too slow: more threads than free cores wait for each other
// in a loop.
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { LlamaModel } from 'node-llama-cpp'
import type { LoadSettings } from '../../supervisor/protocol.js'
import { attentionBlock } from './prompt-batching.js'

/** The chosen settings and their reason. */
export interface Calibration {
  threads: number
  batchSize: number
  /** The reason, for people. */
  why: string
}

// A prompt slice and some decoding steps: roughly the mix of a chat turn.
const promptTokens = attentionBlock
const decodeSteps = 8
/** Longest measurement after which no further candidates are tried, in milliseconds. */
const mostMs = 4_000
/** The engine's default batch size, and one for CPUs with smaller caches. */
const batchSizes = [512, 128]
const defaultBatch = 512

/** The fastest number of threads, from 1 to `cores`, and the fastest batch size. Cached in `cacheDir`. */
export async function calibrate(
  model: LlamaModel,
  cores: number,
  settings: LoadSettings,
): Promise<Calibration> {
  const { threads, cacheDir, modelPath } = settings
  if (threads !== undefined) return { threads, batchSize: defaultBatch, why: 'as configured' }
  const { size } = await stat(modelPath)
  const { name = '' } = model.fileInfo.metadata.general
  const key = [cpus()[0]?.model ?? '', cores, size, name, model.llama.gpu].join('|')
  const cache = await readCache(cacheDir)
  const cached = cache[key]
  if (cached !== undefined)
    return { ...cached, why: `measured earlier (cached): ${cached.why.replace(/^measured: /, '')}` }
  const best = await measure(model, candidates(cores))
  await writeCache(cacheDir, { ...cache, [key]: best })
  return best
}

/** 1, 2, 4, … and the number of cores. */
function candidates(cores: number): number[] {
  const counts = new Set<number>()
  for (let count = 1; count < cores; count *= 2) counts.add(count)
  return [...counts.add(cores)]
}

async function measure(model: LlamaModel, counts: number[]): Promise<Calibration> {
  let best = { threads: 1, ms: Number.POSITIVE_INFINITY, promptMs: 0 }
  const tried: string[] = []
  for (const threads of counts) {
    const took = await timeTurn(model, threads)
    tried.push(`${threads} ${threads === 1 ? 'thread' : 'threads'} ${Math.round(took.ms)} ms`)
    if (took.ms < best.ms) best = { threads, ...took }
    // More threads would only be slower, or measuring would cost more than it can save.
    else if (took.ms > best.ms * 1.5) break
    if (took.ms > mostMs) break
  }
  const { threads, promptMs } = best
  const batch = await bestBatch(model, threads, promptMs / promptTokens)
  return { threads, batchSize: batch.size, why: `measured: ${[...tried, ...batch.tried].join(', ')}` }
}

/** Times one short chat turn, in milliseconds. */
function timeTurn(model: LlamaModel, threads: number): Promise<{ ms: number; promptMs: number }> {
  return withContext(model, { contextSize: 256, threads, batchSize: defaultBatch }, async (evaluate) => {
    const started = performance.now()
    await evaluate(promptTokens)
    const promptMs = performance.now() - started
    for (let step = 0; step < decodeSteps; step++) await evaluate(1)
    return { ms: performance.now() - started, promptMs }
  })
}

async function bestBatch(
  model: LlamaModel,
  threads: number,
  msPerToken: number,
): Promise<{ size: number; tried: string[] }> {
  const tokens = defaultBatch
  if (msPerToken * tokens * batchSizes.length > mostMs) return { size: defaultBatch, tried: [] }
  let best = { size: defaultBatch, ms: Number.POSITIVE_INFINITY }
  const tried: string[] = []
  for (const size of batchSizes) {
    const ms = await withContext(
      model,
      { contextSize: tokens * 2, threads, batchSize: size },
      async (evaluate) => {
        const started = performance.now()
        await evaluate(tokens)
        return performance.now() - started
      },
    )
    tried.push(`batches of ${size} ${Math.round(ms)} ms`)
    // Another size than the default must win by more than the noise of one measurement.
    if (ms < best.ms * 0.9) best = { size, ms }
  }
  return { size: best.size, tried }
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

async function readCache(dir: string | undefined): Promise<Record<string, Calibration>> {
  if (dir === undefined) return {}
  try {
    const cache: unknown = JSON.parse(await readFile(join(dir, 'calibration.json'), 'utf8'))
    return Object.fromEntries(Object.entries(cache ?? {}).filter(([, entry]) => isCalibration(entry)))
  } catch {
    // Missing or not readable: measure again.
    return {}
  }
}

function isCalibration(entry: unknown): entry is Calibration {
  const { threads, batchSize, why } = (entry ?? {}) as Partial<Record<keyof Calibration, unknown>>
  return (
    [threads, batchSize].every((value) => Number.isInteger(value) && Number(value) > 0) &&
    typeof why === 'string'
  )
}

async function writeCache(dir: string | undefined, cache: Record<string, Calibration>): Promise<void> {
  if (dir === undefined) return
  try {
    await mkdir(dir, { recursive: true })
    const draft = join(dir, `calibration.${process.pid}.tmp`)
    await writeFile(draft, JSON.stringify(cache, null, 2))
    await rename(draft, join(dir, 'calibration.json'))
  } catch {
    // A read-only folder only costs a measurement at each start.
  }
}
