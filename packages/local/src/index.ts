// Public entry: the provider `local()` for GGUF models on this machine, and functions to download models.
import type {
  CallOptions,
  ChatRequest,
  ChatResponse,
  FieldsOf,
  Provider,
  SamplingOptions,
  TimeoutOptions,
} from '@patchbay/core'
import { DefinedProvider } from '@patchbay/core/wire'
import { LocalBackend } from './backend.js'
import type { LocalCallOptions } from './options/call-options.js'
import type { LocalOptions } from './options/local-options.js'
import { resolveSettings } from './options/options.js'
import { ownedQueue } from './owner/owned-models.js'
import type { ModelQueue } from './supervisor/model-queue.js'
import { Scheduler, type SchedulerSettings } from './supervisor/scheduler.js'
import type { WorkerStats } from './supervisor/stats.js'

export { type PulledModel, pulledModels, removeModel } from './hub/model-store.js'
export { pullModel } from './hub/pull.js'
export type { PullOptions, PullProgress } from './hub/pull-options.js'
export type { LocalCallOptions } from './options/call-options.js'
export type { LocalOptions } from './options/local-options.js'
export { bundledModel } from './options/model-file.js'
export { type LocalModelOwner, localModelOwner, type OwnerConnection } from './owner/model-owner.js'
export { useLocalModelOwner } from './owner/owned-models.js'
export type { FromOwner, ToOwner } from './owner/owner-protocol.js'
export type { Priority } from './supervisor/fair-queue.js'
export type { ReadyInfo } from './supervisor/protocol.js'
export type { WorkerStats } from './supervisor/stats.js'

declare global {
  interface PatchbayProviderOptions {
    /** Options of a call to a local model. */
    readonly local?: FieldsOf<LocalCallOptions> | undefined
  }
}

/** A text with a gap to fill. */
export interface CompleteRequest
  extends Pick<
    ChatRequest,
    keyof SamplingOptions | 'maxOutputTokens' | 'logprobs' | 'providerOptions' | 'onUnsupported'
  > {
  /** The text before the gap. */
  prefix: string
  /** The text after it. Default `''`: the prefix is continued. */
  suffix?: string | undefined
}

/** A provider for a model on this machine. */
export interface LocalProvider extends Provider {
  /**
   * Another handle for the same worker and queue. The worker ends when the last handle is closed.
   * @throws {LlmError} `closed` after the last handle was closed
   * @example
   * const forOneUser = llm.share()
   */
  share(): LocalProvider
  /**
   * Fills in the middle: the answer is the text between `prefix` and `suffix`, by the model's own tokens for it. All other options
   * are those of a request.
   * @throws {LlmError} `unsupported` for a model without such tokens
   * @example
   * const { text } = await llm.complete({ prefix: 'function add(a, b) {\n  return ', suffix: '\n}', maxOutputTokens: 50 })
   */
  complete(request: CompleteRequest, options?: CallOptions): Promise<ChatResponse>
  /**
   * State and statistics of the worker.
   * @example
   * console.log(llm.stats().tokensPerSecond.decode)
   */
  stats(): WorkerStats
}

/**
 * A provider for a GGUF model, which runs in a worker process of its own. The process starts with the first call and ends
 * when the last handle is closed. An idle worker does not keep the app alive.
 *
 * Defaults: a call may take 120 seconds, time in the queue included, and is not retried. The bundled model samples with
 * temperature 0; other models sample as llama.cpp does (temperature 0.8, top-k 40, top-p 0.95, min-p 0.05).
 * @throws {LlmError} `config` for invalid options, and for a model that has to be downloaded first. A model that cannot be
 *   loaded is a `model-load` error of the first call.
 * @example
 * const llm = local({ model: './models/your-model.gguf', parallel: 2 })
 * const { text } = await llm.chat('Hello!')
 * await llm.close()
 */
export function local(options?: LocalOptions): LocalProvider
/**
 * A provider for a GGUF model: the same with the model as the first argument.
 * @param model path of a .gguf file, or the name of a model that `pullModel` has downloaded
 * @throws {LlmError} `config` for invalid options, and for a model that has to be downloaded first
 * @example
 * const llm = local('./models/your-model.gguf')
 */
export function local(model: string, options?: Omit<LocalOptions, 'model'>): LocalProvider
export function local(
  first: string | LocalOptions = {},
  rest: Omit<LocalOptions, 'model'> = {},
): LocalProvider {
  const options: LocalOptions = typeof first === 'string' ? { ...rest, model: first } : first
  const settings = resolveSettings(options)
  const limits: TimeoutOptions =
    typeof options.timeout === 'object' ? options.timeout : { total: options.timeout }
  const total = limits.total ?? 120_000
  const sampling = settings.bundled
    ? { temperature: 0 }
    : { temperature: 0.8, topK: 40, topP: 0.95, minP: 0.05 }
  const queue = ownedQueue(settings.scheduler) ?? new Scheduler(settings.scheduler)
  return new LocalHandle(queue, settings.scheduler, {
    ...options,
    // On a slow machine nearly all of the time is the prompt's, so who allows more in total allows it before the first event.
    timeout: { ...limits, total, first: limits.first ?? total },
    retry: options.retry ?? false,
    defaults: { ...sampling, ...options.defaults },
  })
}

class LocalHandle extends DefinedProvider implements LocalProvider {
  readonly #scheduler: ModelQueue
  readonly #settings: SchedulerSettings
  readonly #options: LocalOptions

  constructor(scheduler: ModelQueue, settings: SchedulerSettings, options: LocalOptions) {
    const media = options.mmproj === undefined ? undefined : { limits: options.media }
    super(new LocalBackend(scheduler, settings.model, settings.load, media), options)
    scheduler.acquire()
    this.#scheduler = scheduler
    this.#settings = settings
    this.#options = options
  }

  share(): LocalProvider {
    return new LocalHandle(this.#scheduler, this.#settings, this.#options)
  }

  stats(): WorkerStats {
    return this.#scheduler.stats
  }

  complete(
    { prefix, suffix = '', providerOptions, ...request }: CompleteRequest,
    options?: CallOptions,
  ): Promise<ChatResponse> {
    const local = { ...providerOptions?.local, infill: { prefix, suffix } }
    return this.chat(
      { ...request, messages: `${prefix}${suffix}`, providerOptions: { ...providerOptions, local } },
      options,
    )
  }
}
