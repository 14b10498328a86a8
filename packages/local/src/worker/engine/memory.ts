// Memory, before it is taken: what the engine says the weights and the context will need, against what is free, so that
// a model too large is an error with numbers and not a machine that stands still.
import { stat } from 'node:fs/promises'
import { freemem } from 'node:os'
import type { Llama } from 'node-llama-cpp'
import { megabytes } from '../../options/megabytes.js'
import type { LoadSettings } from '../../supervisor/protocol.js'
import { JobError } from '../failure.js'

/** What a model will take. */
export interface MemoryPlan {
  /** Tokens a sequence will hold. */
  contextSize: number
  /** Bytes of the weights, adapters included. */
  weights: number
  /** Bytes of the KV cache and of what the engine computes in. */
  context: number
  /** Bytes that were free. */
  available: number
}

const leastContext = 256
const usualContext = 4096
const defaultBatch = 512

/**
 * What the engine's own trial run says, in memory of the CPU and of a GPU together.
 * @throws {JobError} `model-load` when it cannot fit, with numbers
 */
export async function planMemory(llama: Llama, settings: LoadSettings): Promise<MemoryPlan> {
  const { modelPath, parallel, adapters = [] } = settings
  const available = availableMemory()
  // Also what its header does not tell of: a file is mapped as a whole.
  const { size } = await stat(modelPath)
  if (llama.gpu === false && size > available)
    throw notEnoughMemory(modelPath, `the file has ${megabytes(size)}, and ${megabytes(available)} are free`)
  const { GgufInsights, readGgufFileInfo } = await import('node-llama-cpp')
  const insights = await GgufInsights.from(await readGgufFileInfo(modelPath), llama)
  const gpuLayers = llama.gpu === false ? 0 : insights.totalLayers
  const sizes = await Promise.all(adapters.map(async ({ path }) => (await stat(path)).size))
  const weights = sizes.reduce(
    (a, b) => a + b,
    total(await insights.estimateModelResourceRequirementsV2({ gpuLayers })),
  )
  const forContext = async (contextSize: number): Promise<number> =>
    total(
      await insights.estimateContextResourceRequirementsV2({
        contextSize,
        modelGpuLayers: gpuLayers,
        batchSize: defaultBatch,
        sequences: parallel,
      }),
    )
  // So much and so much for each token: a trial of an absurd context would take most of a minute.
  const [small, usual] = [await forContext(leastContext), await forContext(usualContext)]
  const perToken = (usual - small) / (usualContext - leastContext)
  const need = (tokens: number): number => Math.max(small, usual + (tokens - usualContext) * perToken)
  const trained = insights.trainContextSize ?? usualContext
  const wanted = settings.context ?? Math.min(usualContext, trained)
  const room = Math.floor((available - weights - usual) / perToken + usualContext)
  // A GPU has memory of its own, which the engine looks after.
  const contextSize =
    llama.gpu === false && settings.context === undefined
      ? Math.max(leastContext, Math.min(wanted, room))
      : wanted
  const plan = { contextSize, weights, context: need(contextSize), available }
  if (llama.gpu === false && plan.weights + plan.context > available)
    throw notEnoughMemory(
      modelPath,
      `the weights need ${megabytes(weights)}, ${parallel} sequences of ${contextSize} tokens need ${megabytes(plan.context)}, and ${megabytes(available)} are free`,
    )
  return plan
}

function total({ cpuRam, gpuVram }: { cpuRam: number; gpuVram: number }): number {
  return cpuRam + gpuVram
}

export function notEnoughMemory(modelPath: string, numbers: string): JobError {
  return new JobError(
    'model-load',
    `There is not enough memory for ${modelPath}: ${numbers}. Use a smaller model or quantisation, or lower \`context\` or \`parallel\`.`,
  )
}

/** What a process here may still take, a container's limit included. */
function availableMemory(): number {
  return process.availableMemory?.() ?? freemem()
}
