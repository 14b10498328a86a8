// A GGUF model on this machine as a provider: `local()`.
import { defineProvider, type Provider, type ProviderOptions } from '@patchbay/core'
import { LocalBackend } from './backend.js'
import type { LocalOptions } from './options/local-options.js'
import { settingsOf } from './options/options.js'
import { Owner } from './supervisor/scheduler.js'
import type { WorkerStats } from './supervisor/stats.js'

export { type PulledModel, pulledModels, removeModel } from './hub/model-store.js'
export { pullModel } from './hub/pull.js'
export type { PullOptions, PullProgress } from './hub/pull-options.js'
export type { LocalCallOptions } from './options/call-options.js'
export type { LocalOptions } from './options/local-options.js'
export { bundledModel } from './options/model-file.js'
export type { Priority } from './supervisor/fair-queue.js'
export type { ReadyInfo } from './supervisor/protocol.js'
export type { WorkerStats } from './supervisor/stats.js'

/** A model on this machine. */
export interface LocalProvider extends Provider {
  /**
   * Another handle on the same worker and queue. It owns nothing; the worker ends when the last handle is closed.
   * @throws {LlmError} `closed` when that has happened
   */
  share(): LocalProvider
  /** How the worker is doing. */
  stats(): WorkerStats
}

/**
 * A GGUF model in a worker process of its own. The process starts with the first call and ends when the last handle
 * is closed; an idle one does not keep the app alive. Time limits: 120 s in all, waiting included. Calls are not
 * tried again by themselves. Without other defaults the bundled model decodes greedily, others as llama.cpp does
 * (temperature 0.8, top-k 40, top-p 0.95, min-p 0.05).
 * @throws {LlmError} `config` for options that make no sense; everything else comes with the first call
 */
export function local(options?: LocalOptions): LocalProvider
export function local(model: string, options?: Omit<LocalOptions, 'model'>): LocalProvider
export function local(
  first: string | LocalOptions = {},
  rest: Omit<LocalOptions, 'model'> = {},
): LocalProvider {
  const options: LocalOptions = typeof first === 'string' ? { ...rest, model: first } : first
  const settings = settingsOf(options)
  const timeout = {
    total: 120_000,
    first: 120_000,
    ...(typeof options.timeout === 'number' ? { total: options.timeout } : options.timeout),
  }
  const sampling = settings.bundled
    ? { temperature: 0 }
    : { temperature: 0.8, topK: 40, topP: 0.95, minP: 0.05 }
  return handle(new Owner(settings.owner), settings.owner.model, {
    ...options,
    timeout,
    retry: options.retry ?? false,
    defaults: { ...sampling, ...options.defaults },
  })
}

function handle(owner: Owner, model: string, options: ProviderOptions): LocalProvider {
  owner.acquire()
  return Object.assign(defineProvider(new LocalBackend(owner, model), options), {
    share: () => handle(owner, model, options),
    stats: () => owner.stats,
  })
}
