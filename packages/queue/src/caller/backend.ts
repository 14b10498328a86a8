// Backend of a queue: turns requests into jobs, and what workers post into events and results.

import { randomUUID } from 'node:crypto'
import {
  type Backend,
  type BackendEvent,
  type BackendSpeechEvent,
  type CallContext,
  type Capabilities,
  type ChatContext,
  type EmbedResponse,
  type ImageResponse,
  LlmError,
  type ModelInfo,
  type PreparedChat,
  type PreparedEmbed,
  type PreparedImage,
  type PreparedRerank,
  type PreparedSpeak,
  type PreparedTranscribe,
  type RerankResponse,
  type TranscribeResponse,
} from '@patchbay/core'
import { type QueueSettings, turnOf } from '../options.js'
import { crashed, fromWireError, type WireError } from '../wire/errors.js'
import { toBackendEvents, type WireEvent } from '../wire/events.js'
import {
  chatRequest,
  type ForWorker,
  imageRequest,
  type Operation,
  plainRequest,
  transcribeRequest,
} from '../wire/job.js'
import { imagesFromWire, speechFromWire, type WireSpeechEvent } from '../wire/media.js'
import { vectorsFromWire } from '../wire/vectors.js'
import { QueueBatches } from './batches.js'
import { Session } from './session.js'

/** A part of a reply, without what is only for the backend. */
type Part = { events: (WireEvent | WireSpeechEvent)[] } | { result: unknown }

/** Questions about the model are short, and calls may wait for them. */
const question = { priority: 'high' }

export class QueueBackend implements Backend {
  readonly provider = 'queue'
  readonly model: string
  readonly batch: QueueBatches
  readonly #settings: QueueSettings
  /** The caller of calls that name none: each provider is one. */
  readonly #caller = randomUUID()
  #opening: Promise<Session> | undefined
  #session: Session | undefined

  constructor(settings: QueueSettings) {
    this.model = settings.name
    this.#settings = settings
    this.batch = new QueueBatches(() => this.#open(), settings.keepResults)
  }

  async capabilities(context: CallContext): Promise<Capabilities> {
    // Requests in the form of one service end at the queue.
    const { protocol: _, ...capabilities } = (await this.#result(
      { operation: 'capabilities' },
      question,
      context,
    )) as Capabilities
    return capabilities
  }

  async *chat(chat: PreparedChat, context: ChatContext): AsyncIterable<BackendEvent> {
    const complete = !context.streaming
    const input = chatRequest(chat, forWorker(chat))
    const call = { queuedMs: 0 }
    for await (const part of this.#run(
      { operation: 'chat', input, complete },
      chat.providerOptions,
      context,
      call,
    )) {
      const events = 'events' in part ? part.events : [part.result]
      for (const event of events as WireEvent[])
        yield* toBackendEvents(event, { warn: context.warn, queuedMs: call.queuedMs, complete })
    }
  }

  async embed(request: PreparedEmbed, context: CallContext): Promise<Omit<EmbedResponse, 'provider'>> {
    const input = plainRequest(request, forWorker(request))
    const { vectors, ...rest } = (await this.#result(
      { operation: 'embed', input },
      request.providerOptions,
      context,
    )) as Omit<EmbedResponse, 'vectors'> & { vectors: string[] }
    return { ...rest, vectors: vectorsFromWire(vectors) }
  }

  rerank(request: PreparedRerank, context: CallContext): Promise<RerankResponse> {
    const input = plainRequest(request, forWorker(request))
    return this.#result(
      { operation: 'rerank', input },
      request.providerOptions,
      context,
    ) as Promise<RerankResponse>
  }

  transcribe(request: PreparedTranscribe, context: CallContext): Promise<TranscribeResponse> {
    const input = transcribeRequest(request, forWorker(request))
    return this.#result(
      { operation: 'transcribe', input },
      request.providerOptions,
      context,
    ) as Promise<TranscribeResponse>
  }

  async image(request: PreparedImage, context: CallContext): Promise<ImageResponse> {
    const input = imageRequest(request, forWorker(request))
    const result = await this.#result({ operation: 'image', input }, request.providerOptions, context)
    return imagesFromWire(result as Parameters<typeof imagesFromWire>[0])
  }

  async *speak(request: PreparedSpeak, context: CallContext): AsyncIterable<BackendSpeechEvent> {
    const operation: Operation = { operation: 'speak', input: plainRequest(request, forWorker(request)) }
    for await (const part of this.#run(operation, request.providerOptions, context, { queuedMs: 0 })) {
      const events = 'events' in part ? part.events : [part.result]
      // The usage of speech that failed has no place in its events.
      for (const event of events as (WireSpeechEvent | { type: 'usage' })[])
        if (event.type !== 'usage') yield speechFromWire(event)
    }
  }

  countTokens(chat: PreparedChat, context: CallContext): Promise<number> {
    const input = chatRequest(chat, forWorker(chat))
    return this.#result({ operation: 'countTokens', input }, chat.providerOptions, context) as Promise<number>
  }

  models(context: CallContext): Promise<ModelInfo[]> {
    return this.#result({ operation: 'models' }, question, context) as Promise<ModelInfo[]>
  }

  async close(): Promise<void> {
    const session = await this.#opening?.catch(() => undefined)
    await session?.close()
  }

  async #result(
    operation: Operation,
    options: Record<string, unknown>,
    context: CallContext,
  ): Promise<unknown> {
    for await (const part of this.#run(operation, options, context, { queuedMs: 0 }))
      if ('result' in part) return part.result
    throw new LlmError('bad-response', 'The worker ended a call without a result.')
  }

  /** Runs a call, and yields what its worker posts. */
  async *#run(
    operation: Operation,
    options: Record<string, unknown>,
    { signal, deadline, clock, headers, status }: CallContext,
    call: { queuedMs: number },
  ): AsyncGenerator<Part> {
    const turn = { ...turnOf(options, this.#caller), leftMs: deadline - clock.now() }
    const { metadata } = forWorker({ providerOptions: options })
    const more = { ...(Object.keys(headers).length > 0 && { headers }), ...(metadata && { metadata }) }
    const queuedAt = clock.now()
    const session = await this.#open()
    signal.throwIfAborted()
    const { id, reply, position } = await session.submit({ ...operation, options: more }, turn)
    const cancel = () => reply.fail(signal.reason, true)
    signal.addEventListener('abort', cancel)
    if (signal.aborted) cancel()
    else status({ type: 'queued', position })
    let begun = false
    let isOver = false
    try {
      for (;;) {
        const { kind, body } = await reply.next()
        isOver = kind === 'done' || kind === 'failed' || kind === 'crashed'
        if (kind === 'taken') call.queuedMs = clock.now() - queuedAt
        else if (kind === 'status') status(JSON.parse(body))
        else if (kind === 'crashed') throw crashed(begun)
        else if (kind === 'events') {
          begun = true
          yield { events: JSON.parse(body) }
        } else if (kind === 'failed') {
          const error = JSON.parse(body) as WireError
          if (error.usage !== undefined) yield { events: [{ type: 'usage', usage: error.usage }] }
          throw fromWireError(error)
        } else {
          yield { result: JSON.parse(body) }
          return
        }
      }
    } finally {
      signal.removeEventListener('abort', cancel)
      session.leave(id, isOver)
    }
  }

  #open(): Promise<Session> {
    if (this.#session?.ended) this.#opening = undefined
    this.#opening ??= Session.open(this.#settings).then(
      (session) => {
        this.#session = session
        return session
      },
      (error) => {
        // The next call tries again.
        this.#opening = undefined
        throw error
      },
    )
    return this.#opening
  }
}

const forWorker = ({ providerOptions }: { providerOptions: Record<string, unknown> }): ForWorker =>
  (providerOptions.forWorker ?? {}) as ForWorker
