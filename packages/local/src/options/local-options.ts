// The options of `local()`.
import type { ProviderOptions } from '@patchbay/core'

/** Options of `local`. */
export interface LocalOptions extends ProviderOptions {
  /**
   * A path to a .gguf file, a model that `pullModel` has fetched (`hf:owner/repo:file.gguf`, `hf:owner/repo:Q4_K_M`, an
   * https address), or nothing for the small model that ships with this package.
   */
  model?: string
  /** Calls that may wait for their turn. Default 64. */
  queue?: number
  /** What a call gets that finds the queue full: `queue-full` at once, or a place as soon as there is one. Default `'reject'`. */
  whenFull?: 'reject' | 'wait'
  /** Calls worked on at once, each with a sequence of its own in one batch. Default 4. */
  parallel?: number
  /** Tokens a sequence holds, prompt and answer. Default: what the model was trained for and memory allows, at most 4,096. */
  context?: number
  /** Default `'auto'`: a GPU build of the engine where one is installed and works, else the CPU. */
  gpu?: 'auto' | false | 'cuda' | 'vulkan' | 'metal'
  /** Threads of the engine. Default: measured when the model is first loaded, and remembered. */
  threads?: number
  /** Where measurements are kept; `false` for nowhere. Default: `patchbay` in the user's cache folder. */
  cacheDir?: string | false
  /** Layers of the model in the GPU's memory. Default: as many as it holds. */
  gpuLayers?: number
  /** LoRA adapters (.gguf) over the model, each with its strength. Default: none; `scale` 1. */
  adapters?: { path: string; scale?: number }[]
  /**
   * A model without work for this long is unloaded; the next call loads it again. As Ollama takes it: `'10m'`, `'30s'`,
   * a number of seconds, a negative one for ever. Default: for ever.
   */
  keepAlive?: string | number
  /**
   * Bytes that the models of this app may take together. One that is wanted waits until those used least recently have
   * made room. Default: no limit but the machine's.
   */
  memoryBudget?: number
  /** A worker that takes more bytes is ended, and its calls fail with `worker-crashed`. Weights count as far as they are in memory. Default: none. */
  memoryLimit?: number
  /** Save what the sequences hold when the model is closed or unloaded, and read it back when it is loaded. Needs `cacheDir`. Default `false`. */
  keepPrefixes?: boolean
  /** A Jinja chat template to use instead of the model's own. */
  chatTemplate?: string
  /** A worker silent for this long while it has work (five times as long while it loads) is replaced, in milliseconds. Default 10,000. */
  heartbeat?: number
  /** Hears what the engine logs. Default: nobody. */
  onLog?: (level: string, message: string) => void
}
