// How many threads, and how many tokens in a batch: measured on this machine with this model, and remembered. The
// engine's own choice of threads can be hundreds of times too slow: threads that outnumber free cores spin against
// each other.
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { LlamaModel } from 'node-llama-cpp'
import type { LoadSettings } from '../../supervisor/protocol.js'
import { tile } from './prompt-batching.js'

/** What was chosen, and why. */
export interface Calibration {
  threads: number
  batchSize: number
  /** In words. */
  why: string
}

// A prompt slice and some decode steps: roughly the mix of a chat turn.
const promptTokens = tile
const decodeSteps = 8
/** Once one candidate has taken this long, the rest is not worth the wait, in milliseconds. */
const patience = 4_000
/** The engine's own size of a batch, and one that fits smaller caches of a CPU. */
const batchSizes = [512, 128]
const usualBatch = 512

/** The number of threads, from 1 to `cores`, and the size of a batch that are fastest here. */
export async function calibrate(
  model: LlamaModel,
  cores: number,
  settings: LoadSettings,
): Promise<Calibration> {
  const { threads, cacheDir, modelPath } = settings
  if (threads !== undefined) return { threads, batchSize: usualBatch, why: 'as given' }
  const { size } = await stat(modelPath)
  const { name = '' } = model.fileInfo.metadata.general
  const key = [cpus()[0]?.model ?? '', cores, size, name, model.llama.gpu].join('|')
  const known = await read(cacheDir)
  const remembered = known[key]
  if (remembered !== undefined) return { ...remembered, why: `remembered: ${remembered.why}` }
  const best = await measure(model, candidates(cores))
  await write(cacheDir, { ...known, [key]: best })
  return best
}

/** 1, 2, 4 … and all of them. */
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
    // More threads only get worse from here, or measuring costs more than it can save.
    else if (took.ms > best.ms * 1.5) break
    if (took.ms > patience) break
  }
  const { threads, promptMs } = best
  const batch = await bestBatch(model, threads, promptMs / promptTokens)
  return { threads, batchSize: batch.size, why: `measured: ${[...tried, ...batch.tried].join(', ')}` }
}

/** One short turn of a chat, in milliseconds. */
function timeTurn(model: LlamaModel, threads: number): Promise<{ ms: number; promptMs: number }> {
  return withContext(model, { contextSize: 256, threads, batchSize: usualBatch }, async (evaluate) => {
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
  const tokens = usualBatch
  if (msPerToken * tokens * batchSizes.length > patience) return { size: usualBatch, tried: [] }
  let best = { size: usualBatch, ms: Number.POSITIVE_INFINITY }
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
    // The engine's own size is left only for a gain that is no accident of one measurement.
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
    // The first evaluation sets up buffers; only what follows counts.
    await evaluate(2)
    return await time(evaluate)
  } finally {
    await context.dispose()
  }
}

async function read(dir: string | undefined): Promise<Record<string, Calibration>> {
  if (dir === undefined) return {}
  try {
    const known: unknown = JSON.parse(await readFile(join(dir, 'calibration.json'), 'utf8'))
    return Object.fromEntries(Object.entries(known ?? {}).filter(([, entry]) => isCalibration(entry)))
  } catch {
    // Not there yet, or not readable: then it is measured again.
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

async function write(dir: string | undefined, known: Record<string, Calibration>): Promise<void> {
  if (dir === undefined) return
  try {
    await mkdir(dir, { recursive: true })
    const draft = join(dir, `calibration.${process.pid}.tmp`)
    await writeFile(draft, JSON.stringify(known, null, 2))
    await rename(draft, join(dir, 'calibration.json'))
  } catch {
    // A read-only home costs a measurement at each start, nothing else.
  }
}
