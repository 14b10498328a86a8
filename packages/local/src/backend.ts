// Backend of a local model: turns requests into jobs of the worker, and their events into ours.
import { randomUUID } from 'node:crypto'
import {
  type Backend,
  type BackendEvent,
  type CallContext,
  type Capabilities,
  type EmbedResponse,
  LlmError,
  type ModelInfo,
  type PreparedChat,
  type PreparedEmbed,
  type PreparedRerank,
  type ProviderOptions,
  type RerankResponse,
} from '@patchbay/core'
import { withInlineMedia, withPrefix } from '@patchbay/core/wire'
import { toFinish } from './events.js'
import { fileInfo } from './hub/file-digest.js'
import { queueEntry } from './options/call-options.js'
import { toChatJob } from './request.js'
import type { JobEvent } from './supervisor/job.js'
import type { ModelQueue } from './supervisor/model-queue.js'
import type {
  ChatJob,
  ChatResult,
  EmbedResult,
  JobRequest,
  RankResult,
  ReadyInfo,
} from './supervisor/protocol.js'

/** What the backend needs of the scheduler. */
export interface JobRunner extends Pick<ModelQueue, 'submit' | 'cancel' | 'count' | 'release'> {
  ready(
    context: CallContext,
  ): Promise<Pick<ReadyInfo, 'contextSize' | 'tools' | 'thinks' | 'vision' | 'audio' | 'infills'>>
}

export class LocalBackend implements Backend {
  readonly provider = 'local'
  readonly #scheduler: JobRunner
  /** The caller of calls that name none: each handle is one. */
  readonly #handle = Symbol('handle')

  /** @param media limits for downloads of images; absent for a model without a projector */
  constructor(
    scheduler: JobRunner,
    readonly model: string,
    private readonly file?: { modelPath: string; cacheDir?: string },
    private readonly media?: { limits: ProviderOptions['media'] },
  ) {
    this.#scheduler = scheduler
  }

  async capabilities(context: CallContext): Promise<Capabilities> {
    const { contextSize, tools, thinks, vision, audio, infills } = await this.#scheduler.ready(context)
    return {
      tools,
      vision,
      files: false,
      audio,
      json: true,
      reasoning: thinks,
      options: { reasoningBudget: thinks },
      embed: true,
      prefill: true,
      infill: infills,
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
    const job = await this.#job(chat, context)
    for await (const event of this.#run(job, chat, context)) {
      if (event.type === 'text' || event.type === 'reasoning') yield event
      else if (event.type === 'call')
        yield { type: 'tool-call', id: `call_${randomUUID()}`, name: event.name, input: event.input }
      else
        yield toFinish(
          event.result as ChatResult,
          event.queuedMs,
          context.warn,
          chat.output === undefined ? 'tools' : 'json',
        )
    }
  }

  // Each batch is a job of its own, so that other calls get their turn between them.
  readonly embedBatch = { texts: 32, atOnce: 1 }

  async embed(
    { input, dimensions, inputType, truncate = false, providerOptions }: PreparedEmbed,
    context: CallContext,
  ): Promise<Omit<EmbedResponse, 'provider'>> {
    const texts = withPrefix(this.model, input, inputType)
    for await (const event of this.#run({ texts, truncate }, { providerOptions }, context)) {
      if (event.type !== 'done') continue
      const { vectors: encoded, inputTokens } = event.result as EmbedResult
      const vectors = encoded.map(toVector)
      const length = vectors[0]?.length
      if (dimensions !== undefined && dimensions !== length)
        throw new LlmError(
          'unsupported',
          `${this.model} returns vectors of ${length} dimensions, not ${dimensions}. Leave out \`dimensions\`.`,
        )
      return { vectors, model: this.model, usage: { inputTokens } }
    }
    throw new LlmError('bad-response', 'The worker ended a job without a result.')
  }

  async rerank(
    { query, documents, providerOptions }: PreparedRerank,
    context: CallContext,
  ): Promise<Omit<RerankResponse, 'provider'>> {
    for await (const event of this.#run({ query, documents }, { providerOptions }, context)) {
      if (event.type !== 'done') continue
      const { scores, inputTokens } = event.result as RankResult
      return { scores, model: this.model, usage: { inputTokens } }
    }
    throw new LlmError('bad-response', 'The worker ended a job without a result.')
  }

  /** Runs a job, and yields its events. */
  async *#run(
    request: JobRequest,
    { providerOptions }: { providerOptions: Record<string, unknown> },
    context: CallContext,
  ): AsyncGenerator<JobEvent> {
    const { signal } = context
    const turn = queueEntry(providerOptions, this.#handle, 'messages' in request)
    const job = this.#scheduler.submit(request, turn, context)
    const cancel = () => this.#scheduler.cancel(job, signal.reason)
    signal.addEventListener('abort', cancel)
    // A status callback that threw has ended the call while its job was submitted.
    if (signal.aborted) cancel()
    try {
      for (;;) {
        const event = await job.next()
        yield event
        if (event.type === 'done') return
      }
    } finally {
      signal.removeEventListener('abort', cancel)
      this.#scheduler.cancel(job, new LlmError('aborted', 'The caller stopped reading the answer.'))
    }
  }

  async countTokens(chat: PreparedChat, context: CallContext): Promise<number> {
    return this.#scheduler.count(await this.#job(chat, context), context)
  }

  async #job(chat: PreparedChat, context: CallContext): Promise<ChatJob> {
    const media = this.media
    if (media === undefined) return toChatJob(chat, context.warn)
    const whole = await withInlineMedia(chat, ({ type }) => type === 'image', media.limits, context)
    return toChatJob(whole, context.warn, true)
  }

  async models(): Promise<ModelInfo[]> {
    const file = this.file
    return [{ id: this.model, ...(file && (await fileInfo(file.modelPath, file.cacheDir))) }]
  }

  close(): Promise<void> {
    return this.#scheduler.release()
  }
}

function toVector(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64')
  // A copy: small buffers share memory, at offsets where no 32-bit number may start.
  return new Float32Array(Uint8Array.from(bytes).buffer)
}
