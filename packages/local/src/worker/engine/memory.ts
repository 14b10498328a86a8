// Memory plan: compares what weights and context need with the free memory before loading, so that a model that is too
// large is an error with numbers and does not make the machine swap.
import { stat } from 'node:fs/promises'
import { freemem } from 'node:os'
import type { Llama } from 'node-llama-cpp'
import { megabytes } from '../../options/megabytes.js'
import type { LoadSettings } from '../../supervisor/protocol.js'
import { JobError } from '../failure.js'

/** Memory that a model needs. */
export interface MemoryPlan {
  /** Tokens of a sequence. */
  contextSize: number
  /** Bytes of the weights, adapters and projector included. */
  weights: number
  /** Bytes of the KV cache and the compute buffers. */
  context: number
  /** Bytes that are available now. */
  available: number
}

const leastContext = 256
const defaultContext = 4096
const defaultBatch = 512

/**
 * The plan for a model by the engine's own estimate, RAM and GPU memory together. `cpu`: nothing is on a GPU.
 * @throws {JobError} `model-load` with the numbers, if the model does not fit
 */
export async function planMemory(
  llama: Llama,
  settings: LoadSettings,
  cpu = llama.gpu === false,
): Promise<MemoryPlan> {
  const { modelPath, parallel, kvCache, adapters = [], mmproj } = settings
  const available = availableMemory()
  // The whole file is mapped, also what its header does not mention.
  const { size } = await stat(modelPath)
  if (cpu && size > available)
    throw notEnoughMemory(modelPath, `the file has ${megabytes(size)}, and ${megabytes(available)} are free`)
  const { GgmlType, GgufInsights, readGgufFileInfo } = await import('node-llama-cpp')
  const insights = await GgufInsights.from(await readGgufFileInfo(modelPath), llama)
  const gpuLayers = cpu ? 0 : insights.totalLayers
  const files = [...adapters.map(({ path }) => path), ...(mmproj === undefined ? [] : [mmproj])]
  const sizes = await Promise.all(files.map(async (path) => (await stat(path)).size))
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
        ...(kvCache === 'q8_0' && {
          flashAttention: true,
          kvCacheKeyType: GgmlType.Q8_0,
          kvCacheValueType: GgmlType.Q8_0,
        }),
      }),
    )
  // Linear in the number of tokens: an estimate for a huge context would take most of a minute.
  const [small, normal] = [await forContext(leastContext), await forContext(defaultContext)]
  const perToken = (normal - small) / (defaultContext - leastContext)
  const need = (tokens: number): number => Math.max(small, normal + (tokens - defaultContext) * perToken)
  const trained = insights.trainContextSize ?? defaultContext
  const wanted = settings.context ?? Math.min(defaultContext, trained)
  const fitting = Math.floor((available - weights - normal) / perToken + defaultContext)
  // The engine takes care of GPU memory itself.
  const contextSize =
    cpu && settings.context === undefined ? Math.max(leastContext, Math.min(wanted, fitting)) : wanted
  const plan = { contextSize, weights, context: need(contextSize), available }
  if (cpu && plan.weights + plan.context > available)
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

/** Bytes that this process may still take, container limits included. */
function availableMemory(): number {
  return process.availableMemory?.() ?? freemem()
}

/** The choice of the numbers of keys and values, as a sentence. */
export function explainKvCache(kvCache: LoadSettings['kvCache']): string {
  return kvCache === 'q8_0'
    ? 'keys and values at 8 bits (q8_0): as asked, with flash attention'
    : 'keys and values at 16 bits (f16): the default'
}
