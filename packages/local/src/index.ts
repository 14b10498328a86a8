// A GGUF model on this machine as a provider: `local()`.
import { randomUUID } from 'node:crypto'
import {
  type Backend,
  type BackendEvent,
  type CallContext,
  type Capabilities,
  defineProvider,
  type EmbedResponse,
  LlmError,
  type ModelInfo,
  type PreparedChat,
  type PreparedEmbed,
  type PreparedRerank,
  type Provider,
  type ProviderOptions,
  type RerankResponse,
} from '@patchbay/core'
import { withPrefix } from '@patchbay/core/wire'
import { defaultCacheDir } from './cache-dir.js'
import { turnOf } from './call-options.js'
import { toFinish } from './events.js'
import type { JobNews } from './job.js'
import { locate } from './model-file.js'
import { Owner } from './owner.js'
import type { ChatResult, EmbedResult, JobRequest, RankResult } from './protocol.js'
import { toChatJob } from './request.js'
import type { WorkerStats } from './stats.js'
import { isRemote, pulledPath } from './store.js'

export type { LocalCallOptions } from './call-options.js'
export { type PullOptions, type PullProgress, pullModel } from './download.js'
export { bundledModel } from './model-file.js'
export type { ReadyInfo } from './protocol.js'
export type { Priority } from './queue.js'
export type { WorkerStats } from './stats.js'
export { type PulledModel, pulledModels, removeModel } from './store.js'

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
  wholeNumbers({
    queue: [queue, 0],
    parallel: [parallel, 1],
    heartbeat: [heartbeat, 1],
    context: [context, 8],
    threads: [threads, 1],
    gpuLayers: [gpuLayers, 0],
    memoryBudget: [memoryBudget, 1],
    memoryLimit: [memoryLimit, 1],
  })
  if (keepPrefixes && cacheDir === false)
    throw new LlmError(
      'config',
      'keepPrefixes needs a place to keep them: leave out cacheDir, or name a folder.',
      {
        provider: 'local',
      },
    )
  const { path, name, bundled } = locate(fetched(model, cacheDir))
  const owner = new Owner({
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
        adapters: adapters.map((adapter) => ({ ...adapter, path: locate(adapter.path).path })),
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
  })
  const timeout = {
    total: 120_000,
    first: 120_000,
    ...(typeof options.timeout === 'number' ? { total: options.timeout } : options.timeout),
  }
  const sampling = bundled ? { temperature: 0 } : { temperature: 0.8, topK: 40, topP: 0.95, minP: 0.05 }
  return handle(owner, name, {
    ...options,
    timeout,
    retry: options.retry ?? false,
    defaults: { ...sampling, ...options.defaults },
  })
}

/** A model of a hub is read where `pullModel` has put it; nothing is downloaded behind anybody's back. */
function fetched(model: string | undefined, cacheDir: LocalOptions['cacheDir']): string | undefined {
  if (model === undefined || !isRemote(model)) return model
  const path = pulledPath(model, cacheDir || undefined)
  if (path !== undefined) return path
  throw new LlmError(
    'config',
    `${model} is not on this machine yet. Run: patchbay pull ${model}, or call pullModel().`,
    {
      provider: 'local',
      model,
    },
  )
}

function handle(owner: Owner, model: string, options: ProviderOptions): LocalProvider {
  owner.acquire()
  return Object.assign(defineProvider(new LocalBackend(owner, model), options), {
    share: () => handle(owner, model, options),
    stats: () => owner.stats,
  })
}

class LocalBackend implements Backend {
  readonly provider = 'local'
  readonly #owner: Owner
  /** Who calls by this handle, where a call does not say. */
  readonly #handle = Symbol('handle')

  constructor(
    owner: Owner,
    readonly model: string,
  ) {
    this.#owner = owner
  }

  async capabilities(context: CallContext): Promise<Capabilities> {
    const { contextSize, tools, thinks } = await this.#owner.ready(context)
    return {
      tools,
      vision: false,
      files: false,
      audio: false,
      json: true,
      reasoning: thinks,
      options: { reasoningBudget: false },
      embed: true,
      contextWindow: contextSize,
      maxOutput: contextSize,
    }
  }

  async *chat(chat: PreparedChat, context: CallContext): AsyncIterable<BackendEvent> {
    if (chat.tools.length > 0 && chat.output !== undefined)
      throw new LlmError(
        'unsupported',
        'A local model answers with JSON or calls tools, not both in one turn. Leave out `tools` or `output`.',
      )
    for await (const news of this.#work(toChatJob(chat), chat, context)) {
      if (news.type === 'text' || news.type === 'reasoning') yield news
      else if (news.type === 'call')
        yield { type: 'tool-call', id: `call_${randomUUID()}`, name: news.name, input: news.input }
      else yield toFinish(news.result as ChatResult, news.queuedMs, context.warn)
    }
  }

  // Each batch is a job of its own: others get their turn between them.
  readonly embedBatch = { texts: 32, atOnce: 1 }

  async embed(
    { input, dimensions, inputType, truncate = false, providerOptions }: PreparedEmbed,
    context: CallContext,
  ): Promise<Omit<EmbedResponse, 'provider'>> {
    const texts = withPrefix(this.model, input, inputType)
    for await (const news of this.#work({ texts, truncate }, { providerOptions }, context)) {
      if (news.type !== 'done') continue
      const { vectors: encoded, inputTokens } = news.result as EmbedResult
      const vectors = encoded.map(toVector)
      const length = vectors[0]?.length
      if (dimensions !== undefined && dimensions !== length)
        throw new LlmError(
          'unsupported',
          `${this.model} gives vectors of ${length} numbers, not ${dimensions}. Leave out dimensions.`,
        )
      return { vectors, model: this.model, usage: { inputTokens } }
    }
    throw new LlmError('bad-response', 'The worker ended its work without a word.')
  }

  async rerank(
    { query, documents, providerOptions }: PreparedRerank,
    context: CallContext,
  ): Promise<Omit<RerankResponse, 'provider'>> {
    for await (const news of this.#work({ query, documents }, { providerOptions }, context)) {
      if (news.type !== 'done') continue
      const { scores, inputTokens } = news.result as RankResult
      return { scores, model: this.model, usage: { inputTokens } }
    }
    throw new LlmError('bad-response', 'The worker ended its work without a word.')
  }

  /** A job's news, up to its end. */
  async *#work(
    request: JobRequest,
    { providerOptions }: { providerOptions: Record<string, unknown> },
    context: CallContext,
  ): AsyncGenerator<JobNews> {
    const { signal } = context
    const turn = turnOf(providerOptions, this.#handle)
    const job = this.#owner.submit(request, turn, context)
    const cancel = () => this.#owner.cancel(job, signal.reason)
    signal.addEventListener('abort', cancel)
    try {
      for (;;) {
        const news = await job.next()
        yield news
        if (news.type === 'done') return
      }
    } finally {
      signal.removeEventListener('abort', cancel)
      this.#owner.cancel(job, new LlmError('aborted', 'The reader has gone.'))
    }
  }

  countTokens(chat: PreparedChat, context: CallContext): Promise<number> {
    return this.#owner.count(toChatJob(chat), context)
  }

  async models(): Promise<ModelInfo[]> {
    return [{ id: this.model }]
  }

  close(): Promise<void> {
    return this.#owner.release()
  }
}

function toVector(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64')
  // A copy of its own: small buffers share memory, at places no number may begin at.
  return new Float32Array(Uint8Array.from(bytes).buffer)
}

/** @throws {LlmError} `config` for what is no time */
function keepAliveMs(time: string | number | undefined): number | undefined {
  if (time === undefined) return undefined
  const [, number, unit = 's'] = /^(-?\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(String(time)) ?? []
  if (number === undefined)
    throw new LlmError(
      'config',
      `keepAlive must be a time such as '10m' or a number of seconds, not ${time}.`,
      {
        provider: 'local',
      },
    )
  const ms = Number(number) * ({ ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit] ?? 1000)
  // Longer than a timer can wait, some 24 days, is for ever.
  return ms < 0 || ms > 2 ** 31 - 1 ? undefined : ms
}

function wholeNumbers(options: Record<string, [value: number | undefined, least: number]>): void {
  for (const [name, [value, least]] of Object.entries(options))
    if (value !== undefined && !(Number.isInteger(value) && value >= least))
      throw new LlmError('config', `${name} must be a whole number of at least ${least}, not ${value}.`, {
        provider: 'local',
      })
}
