// How many threads: measured on this machine with this model, and remembered. The engine's own choice can be
// hundreds of times too slow, because threads that outnumber free cores spin against each other.
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { LlamaModel } from 'node-llama-cpp'
import type { LoadSettings } from '../protocol.js'

// A prompt slice and some decode steps: roughly the mix of a chat turn.
const promptTokens = 32
const decodeSteps = 8
/** Once one candidate has taken this long, the rest is not worth the wait, in milliseconds. */
const patience = 4_000

/** The number of threads that is fastest here, from 1 to `cores`. */
export async function calibrateThreads(
  model: LlamaModel,
  cores: number,
  { cacheDir, modelPath }: LoadSettings,
): Promise<number> {
  if (cores <= 1) return 1
  const { size } = await stat(modelPath)
  const key = [
    cpus()[0]?.model ?? '',
    cores,
    size,
    model.fileInfo.metadata.general.name ?? '',
    model.llama.gpu,
  ].join('|')
  const known = await read(cacheDir)
  if (known[key] !== undefined) return known[key]
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

async function measure(model: LlamaModel, counts: number[]): Promise<number> {
  let best = { threads: 1, ms: Number.POSITIVE_INFINITY }
  for (const threads of counts) {
    const ms = await timeOf(model, threads)
    if (ms < best.ms) best = { threads, ms }
    // More threads only get worse from here, or measuring costs more than it can save.
    else if (ms > best.ms * 1.5) break
    if (ms > patience) break
  }
  return best.threads
}

async function timeOf(model: LlamaModel, threads: number): Promise<number> {
  const context = await model.createContext({ contextSize: 256, sequences: 1, threads })
  try {
    const sequence = context.getSequence()
    const token = model.tokens.bos ?? model.tokenize('a')[0]
    if (token === undefined) return Number.POSITIVE_INFINITY
    // The first evaluation sets up buffers; only the second one counts.
    await sequence.evaluateWithoutGeneratingNewTokens([token, token])
    const started = performance.now()
    await sequence.evaluateWithoutGeneratingNewTokens(Array(promptTokens).fill(token))
    for (let step = 0; step < decodeSteps; step++) await sequence.evaluateWithoutGeneratingNewTokens([token])
    return performance.now() - started
  } finally {
    await context.dispose()
  }
}

async function read(dir: string | undefined): Promise<Record<string, number>> {
  if (dir === undefined) return {}
  try {
    const known: unknown = JSON.parse(await readFile(join(dir, 'threads.json'), 'utf8'))
    const entries = Object.entries(known ?? {}).filter(([, count]) => Number.isInteger(count) && count > 0)
    return Object.fromEntries(entries)
  } catch {
    // Not there yet, or not readable: then it is measured again.
    return {}
  }
}

async function write(dir: string | undefined, known: Record<string, number>): Promise<void> {
  if (dir === undefined) return
  try {
    await mkdir(dir, { recursive: true })
    const draft = join(dir, `threads.${process.pid}.tmp`)
    await writeFile(draft, JSON.stringify(known, null, 2))
    await rename(draft, join(dir, 'threads.json'))
  } catch {
    // A read-only home costs a measurement at each start, nothing else.
  }
}
