// Options of `local()`.
import type { ProviderOptions } from '@patchbay/core'

/** Options of `local()`, besides those of all providers. */
export interface LocalOptions extends ProviderOptions {
  /**
   * Path of a .gguf file, or the name of a model that `pullModel` has downloaded (`hf:owner/repo:file.gguf`,
   * `hf:owner/repo:Q4_K_M`, or an https address). Default `'pico'`, the small model in this package.
   */
  model?: string | undefined
  /** Number of calls that may wait. Default 64. */
  queue?: number | undefined
  /** When the queue is full, a call fails with `queue-full` (`'reject'`), or waits all the same (`'wait'`). Default `'reject'`. */
  whenFull?: 'reject' | 'wait' | undefined
  /** Number of calls that run at once. Each has a sequence of its own, which takes memory for its context. Default 4. */
  parallel?: number | undefined
  /** Tokens of one sequence, prompt and answer together. Default: as many as the model was trained for and memory allows, at most 4,096. */
  context?: number | undefined
  /**
   * The numbers that the context's keys and values are stored as: 16 bits, or `'q8_0'`, 8 bits, which takes about half of their memory
   * and may change answers a little. For `'q8_0'` the engine must be able to use flash attention with the model. Default `'f16'`.
   */
  kvCache?: 'f16' | 'q8_0' | undefined
  /**
   * What runs the model: `'node-llama-cpp'`, or llama.cpp's own `'llama-server'`, which has to be installed and also reads images
   * and sound. Default `'node-llama-cpp'`; `'llama-server'` with `mmproj`.
   */
  engine?: 'node-llama-cpp' | 'llama-server' | undefined
  /** Path of the program llama-server. Default: the environment variable `PATCHBAY_LLAMA_SERVER`, or the one that the system finds. */
  server?: string | undefined
  /** More arguments for llama-server, such as `['--spec-default']`. Default: none. */
  serverArgs?: string[] | undefined
  /**
   * The model's projector for images and sound: a .gguf file, its name, as for `model`, or `true` for the one that was
   * downloaded with the model. Default: none; then images and sound are refused.
   * @example
   * const llm = local({ model: 'gemma-3-4b-it-Q4_K_M.gguf', mmproj: 'mmproj-model-f16.gguf' })
   */
  mmproj?: string | true | undefined
  /** The GPU to use; `false` for the CPU. Default `'auto'`: a GPU if a GPU build of the engine is installed and works, otherwise the CPU. */
  gpu?: 'auto' | false | 'cuda' | 'vulkan' | 'metal' | undefined
  /** Threads of the engine. Default: the fastest number, measured when the model is first loaded, and cached in `cacheDir`. */
  threads?: number | undefined
  /** Folder for downloaded models, measurements and prefixes; `false`: store none. Default: `patchbay` in the user's cache folder. */
  cacheDir?: string | false | undefined
  /** Number of the model's layers on the GPU. Default: as many as its memory holds. */
  gpuLayers?: number | undefined
  /** LoRA adapters (.gguf files) to apply, each with its strength. Default: none; `scale` 1. */
  adapters?: { path: string; scale?: number | undefined }[] | undefined
  /**
   * Time without work after which the model is unloaded; the next call loads it again. As in Ollama: `'10m'`, `'30s'`, or
   * a number of seconds; negative: never. Default: never.
   */
  keepAlive?: string | number | undefined
  /**
   * Bytes of memory that all models of this app may take together. A model that does not fit waits until the least recently
   * used ones are unloaded. Default: no limit.
   * @example
   * const options = { memoryBudget: 8e9 }
   * const [small, large] = [local('small.gguf', options), local('large.gguf', options)]
   */
  memoryBudget?: number | undefined
  /** Bytes of memory above which the worker is ended; its calls fail with `worker-crashed`. Weights count as far as they are in memory. Default: no limit. */
  memoryLimit?: number | undefined
  /** Save the evaluated prefixes when the model is closed or unloaded, and load them with it. Needs `cacheDir`. Default `false`. */
  keepPrefixes?: boolean | undefined
  /** A chat template (Jinja) to use instead of the model's own. */
  chatTemplate?: string | undefined
  /** Milliseconds without a sign of life after which a worker with work is replaced; five times as long while it loads. Default 10,000. */
  heartbeat?: number | undefined
  /** Called with each log message of the engine; levels are `'fatal'`, `'error'` and `'warn'`. Errors that it throws are ignored. Default: none. */
  onLog?: ((level: string, message: string) => void) | undefined
}
