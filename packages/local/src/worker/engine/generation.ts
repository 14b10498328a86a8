// One generation: evaluates the prompt in slices, then generates token by token. Pauses for slow readers.
import type { TokenLogprob } from '@patchbay/core'
import type { LlamaModel, Token } from 'node-llama-cpp'
import { type ChatJob, type ChatResult, textWindow } from '../../supervisor/protocol.js'
import { type AnswerReader, TextReader } from '../answer/answer.js'
import type { ParsedCall } from '../answer/call-reader.js'
import {
  type AnswerEnd,
  answerEnd,
  type CreatedReader,
  createReader,
  isCut,
} from '../answer/create-reader.js'
import { LogprobCollector } from '../answer/logprobs.js'
import { JobError } from '../failure.js'
import type { TextKind } from '../message-batcher.js'
import { checkLength, promptTooLong, type RenderedPrompt } from '../prompt/chat-template.js'
import { infillTokens } from '../prompt/infill.js'
import { mediaPrompt } from '../prompt/media-prompt.js'
import { type Engine, noChatTemplate } from './engine.js'
import { attentionBlock } from './prompt-batching.js'
import { samplingOptions } from './sampling.js'
import type { MediaPrompt } from './sequence.js'
import type { Lease } from './sequence-pool.js'

/** Receives what a generation produces. */
export interface GenerationSink {
  text(kind: TextKind, text: string, logprobs?: TokenLogprob[]): void
  call(call: ParsedCall): void
  /** Delivers all text so far. */
  flush(): void
}

export class Generation {
  readonly #cancel = new AbortController()
  /** Characters that were produced and not read. */
  #unread = 0
  /** Time spent waiting for the reader, in milliseconds. */
  #pausedMs = 0
  #wake: () => void = () => {}

  constructor(private readonly sink: GenerationSink) {}

  /** The reader has read some text. */
  credit(characters: number): void {
    this.#unread -= characters
    this.#wake()
  }

  /** Ends the generation at the next step. */
  cancel(): void {
    this.#cancel.abort()
    this.#wake()
  }

  /** @throws {JobError} with a code and message for the caller */
  async run(engine: Engine, request: ChatJob): Promise<ChatResult> {
    const { contextSize } = engine.info
    const { pool } = engine.chat
    checkLength(request, contextSize)
    const { infill } = request
    const { tokens, media, created } =
      infill === undefined
        ? await this.#prepareChat(engine, request)
        : {
            tokens: infillTokens(engine.model, infill),
            media: undefined,
            created: { reader: new TextReader(engine.model, request.stop), unenforced: [] },
          }
    if (tokens.length >= contextSize) throw promptTooLong(tokens.length, contextSize)
    const lease = await pool.acquire(tokens, this.#cancel.signal)
    const { sequence } = lease
    sequence.mediaPrompt = media
    const started = performance.now()
    try {
      const given = tokens.slice(lease.cached)
      // Images and sound cannot be evaluated in slices.
      const rest = media === undefined ? await this.#evaluatePrompt(engine, lease, given) : given
      // A prompt that was aborted half way counts as far as it was evaluated.
      const inputTokens = this.#cancelled ? tokens.length - rest.length : tokens.length
      const mostTokens = Math.min(
        request.maxOutputTokens ?? Number.POSITIVE_INFINITY,
        contextSize - tokens.length,
      )
      const firstToken = { at: performance.now() }
      const end = this.#cancelled
        ? answerEnd(created, 'cancelled', 0)
        : await this.#generate(engine, lease, rest, created, request, mostTokens, () => {
            firstToken.at = performance.now()
          })
      const used = media && sequence.mediaUsage
      return {
        ...end,
        inputTokens: used?.tokens ?? inputTokens,
        cachedInputTokens: used?.cached ?? lease.cached,
        promptMs: firstToken.at - started,
        decodeMs: performance.now() - firstToken.at - this.#pausedMs,
      }
    } finally {
      lease.release()
    }
  }

  async #prepareChat(
    engine: Engine,
    request: ChatJob,
  ): Promise<{ tokens: Token[]; media: MediaPrompt | undefined; created: CreatedReader }> {
    const { prompt } = engine.chat
    if (prompt === undefined) throw noChatTemplate()
    const rendered = prompt.render(request)
    const media = mediaOf(engine, rendered, request)
    const created = await createReader(engine, prompt, request, rendered.thinking, {
      reasoning: (text) => this.#emit('reasoning', text),
      call: (call) => this.sink.call(call),
    })
    return { tokens: media?.tokens ?? rendered.tokens, media, created }
  }

  get #cancelled(): boolean {
    return this.#cancel.signal.aborted
  }

  /** Evaluates all but the last slice, and returns that one: sampling begins at its last token. */
  async #evaluatePrompt(engine: Engine, lease: Lease, tokens: Token[]): Promise<Token[]> {
    const { pool, slices, batchSize } = engine.chat
    let size = Math.min(attentionBlock, batchSize)
    let at = 0
    // A rest of less than a block is added to the slice before it.
    while (tokens.length - at > size + attentionBlock && !this.#cancelled) {
      const done = slices.start(size)
      try {
        await lease.sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(at, at + size))
      } finally {
        done()
      }
      lease.promptAdvanced()
      at += size
      const { shared, prompts } = pool
      size = slices.next(size, { prompts, shared, most: batchSize })
    }
    return tokens.slice(at)
  }

  async #generate(
    { model }: Engine,
    { sequence, promptDone }: Lease,
    prompt: Token[],
    created: CreatedReader,
    request: ChatJob,
    mostTokens: number,
    onFirst: () => void,
  ): Promise<AnswerEnd> {
    const { reader: answer } = created
    const options = await samplingOptions(model, request, answer)
    const { logprobs: alternatives } = request
    const logprobs = alternatives === undefined ? undefined : new LogprobCollector(model, alternatives)
    const metadata = { confidence: alternatives !== undefined, probabilities: (alternatives ?? 0) > 0 }
    const { generated } = options
    let rawFinishReason = 'eos'
    let next: Token[] | undefined = prompt
    while (next !== undefined) {
      const input: Token[] = next
      next = undefined
      for await (const sampled of sequence.evaluateWithMetadata(input, metadata, options)) {
        const { token } = sampled
        if (this.#cancelled) {
          rawFinishReason = 'cancelled'
          break
        }
        if (generated.length === 0) {
          onFirst()
          promptDone()
        }
        generated.push(token)
        const read = logprobs?.read(sampled, answer) ?? { text: answer.push(token) }
        this.#emit('text', read.text, read.logprobs)
        if (answer.endReason !== undefined) {
          rawFinishReason = answer.endReason
          break
        }
        if (generated.length >= mostTokens) {
          rawFinishReason = generated.length === request.maxOutputTokens ? 'max-tokens' : 'context-full'
          break
        }
        if (this.#unread >= textWindow) await this.#waitForReader()
        const given = this.#givenTokens(model, answer, request, mostTokens - generated.length)
        if (given.length > 0) {
          for (const one of given) generated.push(one)
          next = [token, ...given]
          break
        }
      }
    }
    // Only the engine knows how many tokens an image has.
    if (rawFinishReason === 'eos' && sequence.isFull) rawFinishReason = 'context-full'
    if (answer.endReason === undefined) {
      const rest = answer.flush(isCut(rawFinishReason))
      this.#emit('text', rest, logprobs?.take(rest).logprobs)
    }
    return answerEnd(created, rawFinishReason, generated.length)
  }

  /** Tokens that the model does not choose: what closes a thought that has used up its budget, and the frame of JSON. */
  #givenTokens(model: LlamaModel, answer: AnswerReader, request: ChatJob, room: number): Token[] {
    const { thoughtEnd, thoughtTokens = 0 } = answer
    const { thinkingBudget = Number.POSITIVE_INFINITY } = request
    const given: Token[] = []
    const give = (text: string | undefined): void => {
      const tokens = text === undefined ? [] : model.tokenize(text, true, 'trimLeadingSpace')
      if (given.length + tokens.length >= room) return
      for (const token of tokens) this.#emit('text', answer.push(token))
      given.push(...tokens)
    }
    if (thoughtTokens >= thinkingBudget) give(thoughtEnd)
    give(answer.pendingFrame)
    return given
  }

  #emit(kind: TextKind, text: string, logprobs?: TokenLogprob[]): void {
    this.#unread += text.length
    this.sink.text(kind, text, logprobs)
  }

  async #waitForReader(): Promise<void> {
    this.sink.flush()
    const paused = performance.now()
    while (this.#unread >= textWindow && !this.#cancelled)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    this.#pausedMs += performance.now() - paused
  }
}

/**
 * The prompt of a request with images or sound.
 * @throws {JobError} `unsupported` if the model or the engine has none
 */
function mediaOf(
  { model, info, chat }: Engine,
  rendered: RenderedPrompt,
  { media }: ChatJob,
): MediaPrompt | undefined {
  if (media === undefined) return undefined
  const { vision, audio } = info
  const refused = media.data.find(({ type }) => !(type === 'image' ? vision : audio))
  if (refused !== undefined || chat.mediaMarker === undefined)
    throw new JobError(
      'unsupported',
      `The projector of this model does not read parts of type ${refused?.type ?? 'image'}. Remove them.`,
    )
  return mediaPrompt(model, rendered, media, chat.mediaMarker)
}
