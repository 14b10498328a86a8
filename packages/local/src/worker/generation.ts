// One generation: prompt in slices, then token by token, until it is done, cancelled, or its reader must catch up.
import type { LlamaContextSequence, SequenceEvaluateOptions, Token } from 'node-llama-cpp'
import { type JobRequest, type JobResult, textWindow } from '../protocol.js'
import type { Engine } from './engine.js'
import { JobError } from './failure.js'
import { jsonGrammar } from './grammar.js'
import { Outbox } from './outbox.js'
import { tooLong } from './prompt.js'
import { TextDecoder } from './text.js'

/** How long a prompt slice may take, in milliseconds: an abort and the other callers wait no longer than that. */
const sliceMs = { alone: 200, shared: 50 }
const firstSlice = 32

export class Generation {
  readonly #outbox: Outbox
  #cancelled = false
  /** Characters said that the reader has not taken. */
  #unread = 0
  #wake: () => void = () => {}

  constructor(send: (text: string) => void) {
    this.#outbox = new Outbox(send)
  }

  /** The reader has taken some text. */
  credit(characters: number): void {
    this.#unread -= characters
    this.#wake()
  }

  /** Ends it at the next step. */
  cancel(): void {
    this.#cancelled = true
    this.#wake()
  }

  /** @throws {JobError} for what the caller must hear of */
  async run(engine: Engine, request: JobRequest): Promise<JobResult> {
    const { contextSize } = engine.info
    engine.prompt.checkLength(request.messages, contextSize)
    const tokens = engine.prompt.tokens(request.messages)
    if (tokens.length >= contextSize) throw tooLong(tokens.length, contextSize)
    const grammar = request.json && (await jsonGrammar(engine, request.json.schema))
    const { sequence, cached, giveBack } = await engine.borrow(tokens)
    try {
      const rest = await this.#evaluatePrompt(engine, sequence, tokens.slice(cached))
      const usage = { inputTokens: tokens.length, cachedInputTokens: cached }
      if (this.#cancelled)
        return { finishReason: 'stop', rawFinishReason: 'cancelled', outputTokens: 0, ...usage }
      const room = Math.min(request.maxOutputTokens ?? Number.POSITIVE_INFINITY, contextSize - tokens.length)
      const options = samplingOptions(request, grammar)
      return { ...(await this.#generate(engine, sequence, rest, options, request, room)), ...usage }
    } finally {
      this.#outbox.flush()
      giveBack()
    }
  }

  /** Evaluates all but the last slice, which the sampling loop takes: the answer begins at its last token. */
  async #evaluatePrompt(engine: Engine, sequence: LlamaContextSequence, tokens: Token[]): Promise<Token[]> {
    let size = firstSlice
    let at = 0
    while (tokens.length - at > size && !this.#cancelled) {
      const started = performance.now()
      await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(at, at + size))
      at += size
      const aim = engine.shared ? sliceMs.shared : sliceMs.alone
      const perToken = Math.max((performance.now() - started) / size, 0.001)
      size = Math.max(firstSlice, Math.min(engine.batchSize, size * 2, Math.floor(aim / perToken)))
    }
    return tokens.slice(at)
  }

  async #generate(
    engine: Engine,
    sequence: LlamaContextSequence,
    prompt: Token[],
    options: SequenceEvaluateOptions & { generated: Token[] },
    request: JobRequest,
    room: number,
  ): Promise<Pick<JobResult, 'finishReason' | 'rawFinishReason' | 'outputTokens'>> {
    const decoder = new TextDecoder(engine.model, request.stop)
    const { generated } = options
    let json = ''
    let rawFinishReason = 'eos'
    for await (const token of sequence.evaluate(prompt, options)) {
      if (this.#cancelled) {
        rawFinishReason = 'cancelled'
        break
      }
      generated.push(token)
      let text = decoder.push(token)
      if (request.json !== undefined) {
        json += text
        const whole = /[}\]]\s*$/.test(json) && parses(json)
        if (whole) text = text.trimEnd()
        this.#say(text)
        if (whole) {
          rawFinishReason = 'json-complete'
          break
        }
      } else this.#say(text)
      if (decoder.stopped) {
        rawFinishReason = 'stop-string'
        break
      }
      if (generated.length >= room) {
        rawFinishReason = generated.length === request.maxOutputTokens ? 'max-tokens' : 'context-full'
        break
      }
      await this.#readerToCatchUp()
    }
    if (rawFinishReason !== 'stop-string' && rawFinishReason !== 'json-complete') this.#say(decoder.rest())
    const cut = rawFinishReason === 'max-tokens' || rawFinishReason === 'context-full'
    return { finishReason: cut ? 'length' : 'stop', rawFinishReason, outputTokens: generated.length }
  }

  #say(text: string): void {
    this.#unread += text.length
    this.#outbox.push(text)
  }

  async #readerToCatchUp(): Promise<void> {
    if (this.#unread < textWindow) return
    this.#outbox.flush()
    while (this.#unread >= textWindow && !this.#cancelled)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
  }
}

function samplingOptions(
  request: JobRequest,
  grammar: SequenceEvaluateOptions['grammarEvaluationState'],
): SequenceEvaluateOptions & { generated: Token[] } {
  const {
    temperature = 0,
    topK,
    topP,
    minP,
    seed = Math.floor(Math.random() * 2 ** 32),
    frequencyPenalty,
    presencePenalty,
  } = request
  const generated: Token[] = []
  const penalties = {
    ...(frequencyPenalty !== undefined && { frequencyPenalty }),
    ...(presencePenalty !== undefined && { presencePenalty }),
  }
  return {
    generated,
    temperature,
    seed,
    ...(topK !== undefined && { topK }),
    ...(topP !== undefined && { topP }),
    ...(minP !== undefined && { minP }),
    ...(grammar !== undefined && { grammarEvaluationState: grammar }),
    ...(Object.keys(penalties).length > 0 && {
      repeatPenalty: { punishTokens: () => generated, maxPunishTokens: 1024, penalty: 1, ...penalties },
    }),
    // The context is never shifted: what falls out of it would be lost in silence. The loop stops before it is full.
    contextShift: {
      strategy: () => {
        throw new JobError('context-length', 'The context is full.')
      },
    },
  }
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
