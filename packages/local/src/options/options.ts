// The options of `local()`: what they mean, what they may be, and the settings of the worker they come to.
import { LlmError } from '@patchbay/core'
import { defaultCacheDir } from '../cache-dir.js'
import { isRemote, publicName } from '../hub/model-name.js'
import { pulledPath } from '../hub/model-store.js'
import type { OwnerSettings } from '../supervisor/scheduler.js'
import { checkOptions } from './check-options.js'
import type { LocalOptions } from './local-options.js'
import { locate } from './model-file.js'

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
