// `mask`: replaces sensitive data in requests by placeholders, and restores it in answers.
import {
  type ChatEvent,
  type ChatInput,
  type ChatRequest,
  type ChatResponse,
  type EmbedRequest,
  type ImageRequest,
  type ImageResponse,
  type JsonSchema,
  LlmError,
  type Provider,
  type RerankRequest,
  type SpeakRequest,
} from '@patchbay/core'
import { isObject, requestWithDefaults, Yielder } from '@patchbay/core/wrap'
import type { Interception, PolicyCall } from '../../middleware/interception.js'
import { Middleware } from '../../middleware/middleware.js'
import type { Policy } from '../../middleware/pipe.js'
import { type OptionNames, policyOf } from '../../middleware/policy-arguments.js'
import { coverage } from '../../middleware/policy-coverage.js'
import { memoryState } from '../../state/memory-state.js'
import type { StateStore } from '../../state/state.js'
import { type Detector, detectorOf, type Kind, kinds } from '../detect/detect.js'
import { cloneExceptBytes } from '../map-texts.js'
import { withPartial } from '../partial-response.js'
import { withRequestedOutput } from '../requested-output.js'
import { batchRestorer, type MaskedRequest, saveBatchMasks } from './mask-batch.js'
import { Placeholders } from './placeholders.js'
import { relaxSchema } from './relaxed-schema.js'
import { type AnswerFormat, Restorer } from './restore-stream.js'
import { searchableRequest, sendableRequest } from './searchable-request.js'

/** Options of `mask`. */
export interface MaskOptions {
  /** Kinds of data to mask. Default: all but `'name'`, which needs the package `compromise` and English texts. */
  find?: Kind[] | undefined
  /**
   * More to mask: literal words or a pattern, by a name for their placeholders (letters, digits and `_`). A pattern runs over
   * all texts, so one that backtracks makes long texts slow. Default: none.
   */
  also?: Record<string, string[] | RegExp> | undefined
  /** Images, documents and audio, which cannot be searched: `'refuse'` them with `unsupported`, or `'allow'` them. Text files are masked. Default `'refuse'`. */
  media?: 'refuse' | 'allow' | undefined
  /**
   * Where the values of a batch's placeholders are kept, in plain text, until its results are read. Results can be read only
   * with the same state. Default: the memory of this process.
   */
  state?: StateStore | undefined
}

/** The policy with these options, for `pipe`. */
export function mask(options?: MaskOptions): Policy
/**
 * Replaces secrets and personal data by placeholders (`[EMAIL_1]`) in everything that is sent: messages, system, tools and their
 * schemas, tool calls and results, options, texts to embed or rerank. It finds keys, tokens, e-mail addresses, and telephone,
 * card, account and identity numbers of ten countries. In the answer, its stream, its tool calls and the results of batches, the
 * placeholders become the values again: escaped in JSON, as numbers where a schema requires them. Embeddings and scores are those
 * of the placeholders. A text to read aloud in which something is found is refused, since the placeholder would be spoken.
 * @throws {LlmError} `config` for an invalid name in `also`; calls fail with `unsupported` for media that cannot be searched, and
 *   for batch results without their `state`; with `invalid-request` for sensitive data in a text to read aloud; with `config` if `compromise` is needed and missing
 *
 * @example
 * const llm = mask(provider, { also: { CUSTOMER: ['Ann Lee'], ORDER: /\bA-\d{4}\b/ } })
 */
export function mask(provider: Provider, options?: MaskOptions): Provider
export function mask(first?: Provider | MaskOptions, second?: MaskOptions): Provider | Policy {
  return policyOf(
    'mask',
    maskOptionNames,
    [first, second],
    (provider, options) => new Mask(provider, options),
  )
}

const maskOptionNames: OptionNames<MaskOptions> = { find: true, also: true, media: true, state: true }

class Mask extends Middleware {
  protected override readonly coverage = coverage.mask
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

  protected async intercept(call: PolicyCall): Promise<Interception> {
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
    // A failure is not cached: the missing package may be installed later.
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
        const request = await this.#searchable(call.request)
        const placeholders = await this.#placeholders(request, detect)
        return { request: sendableRequest(await placeholders.masked(request), this.#original(call.request)) }
      }
      case 'transcribe': {
        this.#refuseMedia('audio')
        const { audio, ...rest } = call.request
        const asked = await cloneExceptBytes(rest)
        const placeholders = await this.#placeholders(asked, detect)
        return {
          request: { ...(await placeholders.masked(asked)), audio },
          // The transcript may repeat what the prompt says.
          done: (answer) => placeholders.restored(answer),
        }
      }
      case 'speak': {
        const { request } = call
        const asked: SpeakRequest = typeof request === 'string' ? { text: request } : request
        // The provider says what is wrong with it.
        if (!isObject(asked)) return {}
        await this.#refuseSpoken(asked.text, detect)
        const { instructions, providerOptions } = asked
        const searched = await cloneExceptBytes({ instructions, providerOptions })
        return {
          request: { ...asked, ...(await (await this.#placeholders(searched, detect)).masked(searched)) },
        }
      }
      case 'image': {
        const { request } = call
        const given: ImageRequest = typeof request === 'string' ? { prompt: request } : request
        if (!isObject(given)) return {}
        if (given.images !== undefined && given.images.length > 0) this.#refuseMedia('images')
        // The rest is a choice from what the service has: `1024x1024`.
        const { prompt, providerOptions } = given
        const asked = await cloneExceptBytes({ prompt, providerOptions })
        const placeholders = await this.#placeholders(asked, detect)
        return {
          request: { ...given, ...(await placeholders.masked(asked)) },
          done: (answer) => withRestoredPrompts(answer as ImageResponse, placeholders),
        }
      }
      case 'embed':
      case 'rerank': {
        const request: EmbedRequest | RerankRequest = await cloneExceptBytes(
          typeof call.request === 'string' || Array.isArray(call.request)
            ? { input: call.request }
            : call.request,
        )
        const placeholders = await this.#placeholders(request, detect)
        return { request: await placeholders.masked(request) }
      }
    }
  }

  async #submit(requests: readonly ChatInput[], detect: Detector): Promise<Interception> {
    if (!Array.isArray(requests)) return {}
    const all: (MaskedRequest & { request: ChatRequest })[] = []
    const searchables = await Promise.all(requests.map((request) => this.#searchable(request)))
    for (const [index, searchable] of searchables.entries()) {
      const original = this.#original(requests[index] as ChatInput)
      const placeholders = await this.#placeholders(searchable, detect)
      all.push({
        request: sendableRequest(answerable(await placeholders.masked(searchable), placeholders), original),
        placeholders,
        ...answerFormat(searchable),
      })
    }
    return {
      request: all.map(({ request }) => request),
      done: async (id) => {
        await saveBatchMasks(this.#state, id as string, all, this.clock)
        return id
      },
    }
  }

  async #results(id: string): Promise<Interception> {
    const restore = await batchRestorer(this.#state, id)
    return { result: (result) => restore(result) }
  }

  async #chat(call: PolicyCall & { kind: 'chat' }, detect: Detector): Promise<Interception> {
    const original = this.#original(call.request)
    const request = await this.#searchable(call.request)
    const placeholders = await this.#placeholders(request, detect)
    const restorer = new Restorer(placeholders, answerFormat(request))
    const masked = await placeholders.masked(request)
    const yielder = new Yielder()
    const sent = sendableRequest(answerable(masked, placeholders), original)
    // Megabytes may just have been encoded.
    await yielder.yieldIfDue()
    return {
      request: sent,
      event: (event: ChatEvent) => restorer.event(event),
      flush: () => restorer.flush(),
      // The output is parsed again from the restored text, by the caller's schema.
      done: (answer) => withRequestedOutput(restorer.response(answer as ChatResponse), original),
      error: (error) =>
        error.partial === undefined ? error : withPartial(error, restorer.response(error.partial)),
    }
  }

  #placeholders(request: unknown, detect: Detector): Promise<Placeholders> {
    return Placeholders.in(request, detect, this.#also)
  }

  #original(input: ChatInput): ChatRequest {
    return requestWithDefaults(input, this)
  }

  #searchable(input: ChatInput): Promise<ChatRequest> {
    return searchableRequest(this.#original(input), (what) => this.#refuseMedia(what))
  }

  /** A placeholder would be read aloud, and audio cannot be restored. */
  async #refuseSpoken(text: string, detect: Detector): Promise<void> {
    const placeholders = await this.#placeholders(text, detect)
    if (placeholders.empty) return
    throw new LlmError(
      'invalid-request',
      `mask() found private data in the text to read aloud (${placeholders.names.join(', ')}), so it is not sent. Remove it from the text, or call the provider without mask().`,
      { provider: this.provider, model: this.model },
    )
  }

  #refuseMedia(what: string): void {
    if (this.#media === 'allow') return
    throw new LlmError(
      'unsupported',
      `mask() cannot look into ${what}, so they are not sent. Remove them, or allow them: mask(provider, { media: 'allow' }).`,
      { provider: this.provider, model: this.model },
    )
  }
}

/** A revised prompt repeats what the prompt says. */
function withRestoredPrompts(response: ImageResponse, placeholders: Placeholders): ImageResponse {
  const images = response.images.map(({ revisedPrompt, ...image }) =>
    revisedPrompt === undefined
      ? image
      : { ...image, revisedPrompt: placeholders.restoredText(revisedPrompt) },
  )
  return { ...response, images }
}

/** The format of the answer to a request. */
function answerFormat({ tools = [], output = 'text' }: ChatRequest): AnswerFormat {
  return {
    tools: new Map(tools.map(({ name, input }) => [name, input as JsonSchema])),
    json: output !== 'text',
    ...(typeof output === 'object' && { output: output.schema as JsonSchema }),
  }
}

/** The request with an output schema that placeholders fit. */
function answerable(request: ChatRequest, placeholders: Placeholders): ChatRequest {
  const { output } = request
  if (typeof output !== 'object' || placeholders.empty) return request
  const schema = relaxSchema(output.schema as JsonSchema, placeholders.haveNumbers)
  return { ...request, output: { ...output, schema } }
}
