// Keys, tokens and names of people stay here: `mask`. They leave as placeholders, and come back in the answer.
import {
  type ChatEvent,
  type ChatInput,
  type ChatRequest,
  type ChatResponse,
  type EmbedRequest,
  type JsonSchema,
  LlmError,
  type Message,
  type MessageInput,
  type Part,
  type Provider,
  type RerankRequest,
} from '@patchbay/core'
import { isMedia, requestOf, toJsonSchema, Yielder } from '@patchbay/core/wrap'
import { outputOf } from '../../cache/cacheable.js'
import type { Incoming, Passing } from '../../middleware/interception.js'
import { Around } from '../../middleware/middleware.js'
import { doors } from '../../middleware/policy-coverage.js'
import { memoryState } from '../../state/memory-state.js'
import type { StateStore } from '../../state/state.js'
import { type Detector, detectorOf, type Kind, kinds } from '../detect/detect.js'
import { copied } from '../map-texts.js'
import { type MediaPart, mediaOf, textOf } from '../media.js'
import { withPartial } from '../partial-response.js'
import { keepNotes, type Note, restoring } from './mask-batch.js'
import { Placeholders } from './placeholders.js'
import { eased } from './relaxed-schema.js'
import { type Asked, Restored } from './restore-stream.js'

/** Options of `mask`. */
export interface MaskOptions {
  /** What is looked for. Default: everything but names of people, which need the package `compromise` (English texts). */
  find?: Kind[]
  /**
   * What else is: words as they are, or patterns, by a name for their placeholders. A pattern sees all that is asked: one
   * that backtracks makes long texts slow.
   */
  also?: Record<string, string[] | RegExp>
  /** Images, documents and sound, which nobody can look into: refused (the default), or let through. Text files are masked. */
  media?: 'refuse' | 'allow'
  /**
   * Where it is kept what the placeholders of a batch stand for, in clear, until its results are read; they can be read where
   * this state is. Default: this process's own.
   */
  state?: StateStore
}

/**
 * Takes keys, tokens, e-mail addresses, numbers of phones, cards, accounts and people (of ten countries) out of everything
 * that leaves: messages, system, tools and their schemas, tool calls and results, options, texts to embed or to rank. Each
 * becomes a placeholder (`[EMAIL_1]`), the same wherever it stands in a request; in the answer, its tool calls and its
 * stream the placeholders become what they stood for: spelled as JSON where the answer is JSON, as a number where a
 * schema wants one; in the results of batches too. Vectors and scores are those of the placeholders.
 */
export function mask(provider: Provider, options: MaskOptions = {}): Provider {
  return new Mask(provider, options)
}

class Mask extends Around {
  protected override readonly doors = doors.mask
  readonly #find: Kind[]
  readonly #also: Record<string, string[] | RegExp>
  readonly #media: 'refuse' | 'allow'
  readonly #state: StateStore
  #detector: Promise<Detector> | undefined

  constructor(
    inner: Provider,
    { find = kinds, also = {}, media = 'refuse', state = memoryState() }: MaskOptions,
  ) {
    super(inner)
    for (const name of Object.keys(also))
      if (!/^[A-Z][A-Z0-9_]*$/i.test(name))
        throw new LlmError('config', `mask: also.${name}: a name has letters, digits and _ only.`)
    this.#find = find
    this.#also = also
    this.#media = media
    this.#state = state
  }

  protected async enter(call: Incoming): Promise<Passing> {
    switch (call.kind) {
      case 'models':
      case 'capabilities':
      case 'batches.status':
      case 'batches.cancel':
        return {}
      case 'batches.results':
        return this.#results(call.request)
    }
    this.#detector ??= detectorOf(this.#find)
    // One that could not be loaded may be installed later.
    const detect = await this.#detector.catch((error) => {
      this.#detector = undefined
      throw error
    })
    switch (call.kind) {
      case 'chat':
        return this.#chat(call, detect)
      case 'batches.submit':
        return this.#submit(call.request, detect)
      case 'countTokens': {
        const request = await this.#plain(call.request)
        const placeholders = await this.#placeholders(request, detect)
        return { request: sendable(await placeholders.masked(request)) }
      }
      case 'transcribe': {
        this.#refuseMedia('sound')
        const { audio, ...rest } = call.request
        const asked = await copied(rest)
        const placeholders = await this.#placeholders(asked, detect)
        return {
          request: { ...(await placeholders.masked(asked)), audio },
          // It may say what the prompt says.
          done: (answer) => placeholders.restored(answer),
        }
      }
      case 'embed':
      case 'rerank': {
        const request: EmbedRequest | RerankRequest = await copied(
          typeof call.request === 'string' || Array.isArray(call.request)
            ? { input: call.request }
            : call.request,
        )
        const placeholders = await this.#placeholders(request, detect)
        return { request: await placeholders.masked(request) }
      }
    }
  }

  async #submit(requests: readonly ChatInput[], detect: Detector): Promise<Passing> {
    if (!Array.isArray(requests)) return {}
    const all: (Note & { request: ChatRequest })[] = []
    for (const plain of await Promise.all(requests.map((request) => this.#plain(request)))) {
      const placeholders = await this.#placeholders(plain, detect)
      all.push({
        request: sendable(answerable(await placeholders.masked(plain), placeholders)),
        placeholders,
        ...aboutAnswer(plain),
      })
    }
    return {
      request: all.map(({ request }) => request),
      done: async (id) => {
        await keepNotes(this.#state, id as string, all, this.clock)
        return id
      },
    }
  }

  async #results(id: string): Promise<Passing> {
    const restore = await restoring(this.#state, id)
    return { result: (result) => restore(result) }
  }

  async #chat(call: Incoming & { kind: 'chat' }, detect: Detector): Promise<Passing> {
    const original = requestOf(call.request, this)
    const request = await this.#plain(call.request)
    const placeholders = await this.#placeholders(request, detect)
    const restored = new Restored(placeholders, aboutAnswer(request))
    const masked = await placeholders.masked(request)
    const yielder = new Yielder()
    const sent = sendable(answerable(masked, placeholders))
    // Megabytes may just have been encoded.
    await yielder.yieldIfDue()
    return {
      request: sent,
      event: (event: ChatEvent) => restored.event(event),
      rest: () => restored.rest(),
      // The value is made again of what the text says now, by the schema the caller gave.
      done: (answer) => outputOf(restored.response(answer as ChatResponse), original),
      error: (error) =>
        error.partial === undefined ? error : withPartial(error, restored.response(error.partial)),
    }
  }

  #placeholders(request: unknown, detect: Detector): Promise<Placeholders> {
    return Placeholders.in(request, detect, this.#also)
  }

  /** The request with nothing in it but texts to look into (those of text files too), and media that may leave. */
  async #plain(input: ChatInput): Promise<ChatRequest> {
    const { messages, tools, output, ...rest } = requestOf(input, this)
    const yielder = new Yielder()
    const given = await copied(typeof messages === 'string' ? [messages] : messages, yielder)
    const more = {
      ...(await copied(rest, yielder)),
      ...(tools && {
        tools: tools.map(({ name, description, input: schema }, index) => ({
          name,
          ...(description !== undefined && { description }),
          input: toJsonSchema(schema, `tools[${index}].input`),
        })),
      }),
      ...(output !== undefined && {
        output:
          typeof output === 'object'
            ? { ...output, schema: toJsonSchema(output.schema, 'output.schema') }
            : output,
      }),
    }
    const plain: MessageInput[] = []
    await yielder.yieldIfDue()
    if (!Array.isArray(given)) return { ...more, messages: given }
    for (const message of given) plain.push(await this.#message(message, yielder))
    await yielder.yieldIfDue()
    return { ...more, messages: plain }
  }

  async #message(message: MessageInput, yielder: Yielder): Promise<MessageInput> {
    if (typeof message !== 'object' || !Array.isArray(message.content)) return message
    return { ...message, content: await this.#parts(message.content, yielder) } as Message
  }

  async #parts(parts: readonly Part[], yielder: Yielder): Promise<Part[]> {
    const plain: Part[] = []
    for (const part of parts) {
      plain.push(await this.#part(part, yielder))
      await yielder.yieldIfDue()
    }
    return plain
  }

  async #part(part: Part, yielder: Yielder): Promise<Part> {
    if (part.type === 'tool-result' && Array.isArray(part.output))
      return { ...part, output: await this.#parts(part.output, yielder) }
    if (!isMedia(part)) return part
    const { url, ...rest } = part as MediaPart
    const media = await mediaOf(part as MediaPart)
    const text = textOf(media)
    if (text !== undefined) return { ...rest, mediaType: media.mediaType, data: text } as Part
    this.#refuseMedia(part.type === 'file' ? 'documents' : part.type === 'image' ? 'images' : 'sound')
    // As bytes, which nobody takes for a text.
    return media.data !== undefined ? ({ ...rest, ...media } as Part) : part
  }

  #refuseMedia(what: string): void {
    if (this.#media === 'allow') return
    throw new LlmError(
      'unsupported',
      `mask() cannot look into ${what}, so they do not leave. Leave them out, or let them through: mask(provider, { media: 'allow' }).`,
      { provider: this.provider, model: this.model },
    )
  }
}

/** What has to be known of a request to read its answer. */
function aboutAnswer({ tools = [], output = 'text' }: ChatRequest): Asked {
  return {
    tools: new Map(tools.map(({ name, input }) => [name, input as JsonSchema])),
    json: output !== 'text',
    ...(typeof output === 'object' && { output: output.schema as JsonSchema }),
  }
}

/** With a schema that an answer with placeholders fits. */
function answerable(request: ChatRequest, placeholders: Placeholders): ChatRequest {
  const { output } = request
  if (typeof output !== 'object' || placeholders.empty) return request
  const schema = eased(output.schema as JsonSchema, placeholders.haveNumbers)
  return { ...request, output: { ...output, schema } }
}

/** With the texts of files as bytes again. */
function sendable(request: ChatRequest): ChatRequest {
  const encoded = (part: Part): Part => {
    if (part.type === 'tool-result' && Array.isArray(part.output))
      return { ...part, output: part.output.map(encoded) }
    const { data } = part as { data?: unknown }
    return isMedia(part) && typeof data === 'string'
      ? ({ ...part, data: new TextEncoder().encode(data) } as Part)
      : part
  }
  if (!Array.isArray(request.messages)) return request
  return {
    ...request,
    messages: request.messages.map((message) =>
      typeof message === 'object' && Array.isArray(message.content)
        ? ({ ...message, content: message.content.map(encoded) } as Message)
        : message,
    ),
  }
}
