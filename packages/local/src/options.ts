// The options of `local()`: what they mean, what they may be, and the settings of the worker they come to.
import { LlmError, type ProviderOptions } from '@patchbay/core'
import { defaultCacheDir } from './cache-dir.js'
import { checkOptions } from './check-options.js'
import { locate } from './model-file.js'
import { isRemote, publicName } from './model-name.js'
import type { OwnerSettings } from './owner.js'
import { pulledPath } from './store.js'

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

/**
 * The settings of a worker, and whether its model is the bundled one.
 * @throws {LlmError} `config` for options that make no sense
 */
export function settingsOf(options: LocalOptions): { owner: OwnerSettings; bundled: boolean } {
  checkOptions(options)
  const {
    queue = 64,
    whenFull = 'reject',
    parallel = 4,
    gpu = 'auto',
    heartbeat = 10_000,
    context,
    threads,
    chatTemplate,
    cacheDir,
    onLog,
    model,
    gpuLayers,
    adapters = [],
    keepAlive,
    memoryBudget,
    memoryLimit,
    keepPrefixes,
  } = options
  const { path, name, bundled } = locate(fetched(model, cacheDir))
  const owner: OwnerSettings = {
    load: {
      modelPath: path,
      parallel,
      gpu,
      ...(context !== undefined && { context }),
      ...(threads !== undefined && { threads }),
      ...(chatTemplate !== undefined && { chatTemplate }),
      ...(cacheDir !== false && { cacheDir: cacheDir ?? defaultCacheDir() }),
      ...(gpuLayers !== undefined && { gpuLayers }),
      ...(adapters.length > 0 && {
        adapters: adapters.map(({ path, scale = 1 }) => ({ path: locate(path).path, scale })),
      }),
      ...(memoryLimit !== undefined && { memoryLimit }),
      ...(keepPrefixes !== undefined && { keepPrefixes }),
    },
    keepAliveMs: keepAliveMs(keepAlive),
    memoryBudget,
    model: name,
    queue,
    whenFull,
    heartbeatMs: heartbeat,
    onLog,
  }
  return { owner, bundled }
}

/** A model of a hub is read where `pullModel` has put it; nothing is downloaded behind anybody's back. */
function fetched(model: string | undefined, cacheDir: LocalOptions['cacheDir']): string | undefined {
  if (model === undefined || !isRemote(model)) return model
  const path = pulledPath(model, cacheDir || undefined)
  if (path !== undefined) return path
  const name = publicName(model)
  throw new LlmError(
    'config',
    `${name} is not on this machine yet. Run: patchbay pull ${name}, or call pullModel().`,
    { provider: 'local', model: name },
  )
}

/** @throws {LlmError} `config` for what is no time */
function keepAliveMs(time: string | number | undefined): number | undefined {
  if (time === undefined) return undefined
  const [, number, unit = 's'] = /^(-?\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(String(time)) ?? []
  if (number === undefined)
    throw new LlmError(
      'config',
      `keepAlive must be a time such as '10m' or a number of seconds, not ${String(time)}.`,
      {
        provider: 'local',
      },
    )
  const ms = Number(number) * ({ ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit] ?? 1000)
  // Longer than a timer can wait, some 24 days, is for ever.
  return ms < 0 || ms > 2 ** 31 - 1 ? undefined : ms
}
