// Settings of the worker, from the options of `local()` and their defaults.
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { LlmError } from '@patchbay/core'
import { defaultCacheDir } from '../cache-dir.js'
import { isRemote, publicName } from '../hub/model-name.js'
import { pulledPath, pulledProjector } from '../hub/model-store.js'
import type { SchedulerSettings } from '../supervisor/scheduler.js'
import { checkOptions, usesServer } from './check-options.js'
import type { LocalOptions } from './local-options.js'
import { locateModel } from './model-file.js'

/**
 * The settings of a worker, and whether its model is the bundled one.
 * @throws {LlmError} `config` for invalid options, and for a model that has to be downloaded first
 */
export function resolveSettings(options: LocalOptions): { scheduler: SchedulerSettings; bundled: boolean } {
  checkOptions(options)
  const {
    queue = 64,
    whenFull = 'reject',
    parallel = 4,
    gpu = 'auto',
    heartbeat = 10_000,
    context,
    kvCache,
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
    server,
    serverArgs,
    mmproj,
  } = options
  const { path, name, bundled } = locateModel(pathOf(model, cacheDir))
  const scheduler: SchedulerSettings = {
    load: {
      modelPath: path,
      parallel,
      gpu,
      ...(context !== undefined && { context }),
      ...(kvCache === 'q8_0' && { kvCache }),
      ...(threads !== undefined && { threads }),
      ...(chatTemplate !== undefined && { chatTemplate }),
      ...(cacheDir !== false && { cacheDir: cacheDir ?? defaultCacheDir() }),
      ...(gpuLayers !== undefined && { gpuLayers }),
      ...(adapters.length > 0 && {
        adapters: adapters.map(({ path, scale = 1 }) => ({ path: locateModel(path).path, scale })),
      }),
      ...(memoryLimit !== undefined && { memoryLimit }),
      ...(keepPrefixes !== undefined && { keepPrefixes }),
      ...(usesServer(options) && { engine: 'llama-server' as const }),
      ...(server !== undefined && { server: programPath(server) }),
      ...(serverArgs !== undefined && { serverArgs }),
      ...(mmproj !== undefined && { mmproj: projectorPath(mmproj, model, cacheDir) }),
    },
    keepAliveMs: keepAliveMs(keepAlive),
    memoryBudget,
    model: name,
    queue,
    whenFull,
    heartbeatMs: heartbeat,
    onLog,
  }
  return { scheduler, bundled }
}

/** The path of a downloaded model. `local()` itself downloads nothing. */
function pathOf(model: string | undefined, cacheDir: LocalOptions['cacheDir']): string | undefined {
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

/** @throws {LlmError} `config` for `true`, if none was downloaded with the model */
function projectorPath(
  mmproj: string | true,
  model: string | undefined,
  cacheDir: LocalOptions['cacheDir'],
): string {
  if (mmproj !== true) return locateModel(pathOf(mmproj, cacheDir)).path
  const path = model === undefined ? undefined : pulledProjector(model, cacheDir || undefined)
  if (path !== undefined) return path
  throw new LlmError(
    'config',
    'mmproj: true is for a model that `patchbay pull hf:owner/repo:Q4_K_M` has downloaded together with its projector; there is none with this model. Give the path of the projector.',
    { provider: 'local' },
  )
}

/** A plain name is looked up by the system. */
function programPath(server: string): string {
  return /[\\/]/.test(server) ? resolve(server.replace(/^~(?=\/)/, homedir())) : server
}

/** @throws {LlmError} `config` for a value that is not a duration */
function keepAliveMs(time: string | number | undefined): number | undefined {
  if (time === undefined) return undefined
  const [, number, unit = 's'] = /^(-?\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(String(time)) ?? []
  if (number === undefined)
    throw new LlmError(
      'config',
      `keepAlive must be a duration such as '10m', or a number of seconds, not ${String(time)}.`,
      {
        provider: 'local',
      },
    )
  const ms = Number(number) * ({ ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit] ?? 1000)
  // More than the longest timer, about 24 days, means never.
  return ms < 0 || ms > 2 ** 31 - 1 ? undefined : ms
}
