// Memory, before it is taken: weights and KV cache against what is free, so that a model too large is an error with
// numbers and not a machine that stands still.
import { stat } from 'node:fs/promises'
import { freemem } from 'node:os'
import type { LlamaModel } from 'node-llama-cpp'
import type { LoadSettings } from '../protocol.js'
import { JobError } from './failure.js'

/**
 * The file is mapped into memory; one that does not fit is read from disk for every token.
 * @throws {JobError} `model-load`
 */
export async function checkWeightsFit(modelPath: string): Promise<void> {
  const { size } = await stat(modelPath)
  const free = availableMemory()
  if (size > free)
    throw notEnoughMemory(modelPath, `the file has ${megabytes(size)}, and ${megabytes(free)} are free`)
}

/**
 * The KV cache the options ask for: keys and values of 16 bits for each layer and token. The engine would find out
 * too, but its estimate of an absurd context takes most of a minute.
 * @throws {JobError} `model-load`
 */
export function checkCacheFits(model: LlamaModel, { context, parallel, modelPath }: LoadSettings): void {
  const { attention, block_count: layers = 0 } = model.fileInfo.architectureMetadata
  const { head_count, head_count_kv = head_count, key_length } = attention ?? {}
  if (context === undefined || typeof head_count !== 'number') return
  const perHead = key_length ?? model.embeddingVectorSize / head_count
  const headsOfAllLayers = Array.isArray(head_count_kv)
    ? head_count_kv.reduce((sum, heads) => sum + heads, 0)
    : (head_count_kv ?? 0) * layers
  const need = headsOfAllLayers * perHead * 2 * 2 * context * parallel
  const free = availableMemory()
  if (need > free)
    throw notEnoughMemory(
      modelPath,
      `${parallel} sequences of ${context} tokens need ${megabytes(need)}, and ${megabytes(free)} are free`,
    )
}

export function notEnoughMemory(modelPath: string, numbers: string): JobError {
  return new JobError(
    'model-load',
    `There is not enough memory for ${modelPath}: ${numbers}. Use a smaller model or quantisation, or lower \`context\` or \`parallel\`.`,
  )
}

/** What a process here may still take, a container's limit included. */
export function availableMemory(): number {
  return process.availableMemory?.() ?? freemem()
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`
}
