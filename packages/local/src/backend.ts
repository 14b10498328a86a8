// The inside of a local provider: requests to jobs of the worker, their news to events.
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
  type RerankResponse,
} from '@patchbay/core'
import { withPrefix } from '@patchbay/core/wire'
import { toFinish } from './events.js'
import { turnOf } from './options/call-options.js'
import { toChatJob } from './request.js'
import type { JobNews } from './supervisor/job.js'
import type { ChatResult, EmbedResult, JobRequest, RankResult } from './supervisor/protocol.js'
import type { Owner } from './supervisor/scheduler.js'

export class LocalBackend implements Backend {
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
    for await (const news of this.#work(toChatJob(chat, context.warn), chat, context)) {
      if (news.type === 'text' || news.type === 'reasoning') yield news
      else if (news.type === 'call')
        yield { type: 'tool-call', id: `call_${randomUUID()}`, name: news.name, input: news.input }
      else
        yield toFinish(
          news.result as ChatResult,
          news.queuedMs,
          context.warn,
          chat.output === undefined ? 'tools' : 'json',
        )
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
    // A status callback that threw has ended the call while its job was being taken in.
    if (signal.aborted) cancel()
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
    return this.#owner.count(toChatJob(chat, context.warn), context)
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
