// One generation: prompt in slices, then token by token, until it is done, cancelled, or its reader must catch up.
import type { SequenceEvaluateOptions, Token } from 'node-llama-cpp'
import { type ChatJob, type ChatResult, textWindow } from '../../supervisor/protocol.js'
import { type Answer, JsonAnswer, TextAnswer, ToolAnswer } from '../answer/answer.js'
import type { WrittenCall } from '../answer/call-reader.js'
import { ThinkingAnswer } from '../answer/thinking.js'
import { JobError } from '../failure.js'
import { callGrammar, jsonGrammar } from '../grammar/grammar.js'
import type { TextKind } from '../outbox.js'
import { tooLong } from '../prompt/prompt.js'
import type { Engine } from './engine.js'
import { tile } from './prompt-batching.js'
import type { Lease } from './sequence-pool.js'

/** Where a generation speaks to. */
export interface Voice {
  text(kind: TextKind, text: string): void
  call(call: WrittenCall): void
  /** Nothing that was said may wait any longer. */
  flush(): void
}

type Ending = Omit<ChatResult, 'inputTokens' | 'cachedInputTokens' | 'promptMs' | 'decodeMs'>

export class Generation {
  readonly #cancel = new AbortController()
  /** Characters said that the reader has not taken. */
  #unread = 0
  #unkept: string[] = []
  /** What it waited for its reader, in milliseconds. */
  #pausedMs = 0
  #wake: () => void = () => {}

  constructor(private readonly voice: Voice) {}

  /** The reader has taken some text. */
  credit(characters: number): void {
    this.#unread -= characters
    this.#wake()
  }

  /** Ends it at the next step. */
  cancel(): void {
    this.#cancel.abort()
    this.#wake()
  }

  /** @throws {JobError} for what the caller must hear of */
  async run(engine: Engine, request: ChatJob): Promise<ChatResult> {
    const { contextSize } = engine.info
    const { prompt, lanes } = engine.chat
    prompt.checkLength(request, contextSize)
    const { tokens, thinking } = prompt.begin(request)
    if (tokens.length >= contextSize) throw tooLong(tokens.length, contextSize)
    const answer = await this.#answer(engine, request, thinking)
    const lease = await lanes.borrow(tokens, this.#cancel.signal)
    const started = performance.now()
    try {
      const rest = await this.#evaluatePrompt(engine, lease, tokens.slice(lease.cached))
      // A prompt that was given up half way counts as far as it came.
      const inputTokens = this.#cancelled ? tokens.length - rest.length : tokens.length
      const room = Math.min(request.maxOutputTokens ?? Number.POSITIVE_INFINITY, contextSize - tokens.length)
      const begun = { at: performance.now() }
      const end = this.#cancelled
        ? ({ finishReason: 'stop', rawFinishReason: 'cancelled', outputTokens: 0 } as const)
        : await this.#generate(lease, rest, answer, request, room, () => {
            begun.at = performance.now()
          })
      return {
        ...end,
        ...(this.#unkept.length > 0 && { unkept: this.#unkept }),
        inputTokens,
        cachedInputTokens: lease.cached,
        promptMs: begun.at - started,
        decodeMs: performance.now() - begun.at - this.#pausedMs,
      }
    } finally {
      lease.giveBack()
    }
  }

  get #cancelled(): boolean {
    return this.#cancel.signal.aborted
  }

  /** Evaluates all but the last slice, which the sampling loop takes: the answer begins at its last token. */
  async #evaluatePrompt(engine: Engine, lease: Lease, tokens: Token[]): Promise<Token[]> {
    const { lanes, pace, batchSize } = engine.chat
    let size = Math.min(tile, batchSize)
    let at = 0
    // A rest of less than a tile goes with the slice before it.
    while (tokens.length - at > size + tile && !this.#cancelled) {
      const done = pace.begin(size)
      try {
        await lease.sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(at, at + size))
      } finally {
        done()
      }
      lease.progress()
      at += size
      const { shared, prompts } = lanes
      size = pace.size(size, { prompts, shared, most: batchSize })
    }
    return tokens.slice(at)
  }

  async #answer(engine: Engine, request: ChatJob, thinking: 'possible' | 'begun' | 'past'): Promise<Answer> {
    const answer = await this.#spoken(engine, request)
    const format = engine.chat.prompt.thinking
    if (thinking === 'past' || format === undefined) return answer
    const onThought = (text: string) => this.#say('reasoning', text)
    return new ThinkingAnswer(engine.model, format, thinking === 'begun', answer, onThought)
  }

  async #spoken(engine: Engine, request: ChatJob): Promise<Answer> {
    const { model } = engine
    const { prompt } = engine.chat
    const { json, tools, mustCall, stop } = request
    if (json !== undefined) {
      const { grammar, unkept } = await jsonGrammar(engine, json.schema)
      this.#unkept = unkept
      return new JsonAnswer(model, stop, grammar)
    }
    if (tools === undefined || prompt.calls === undefined) return new TextAnswer(model, stop)
    const allowed = tools.filter((tool) => typeof mustCall !== 'string' || tool.function.name === mustCall)
    const { grammar, unkept } = await callGrammar(engine, allowed, prompt.calls)
    this.#unkept = unkept
    return new ToolAnswer(model, request, prompt.calls, grammar, (call) => {
      this.voice.call(call)
    })
  }

  async #generate(
    { sequence, begun }: Lease,
    prompt: Token[],
    answer: Answer,
    request: ChatJob,
    room: number,
    onFirst: () => void,
  ): Promise<Ending> {
    const options = samplingOptions(request, answer)
    const { generated } = options
    let rawFinishReason = 'eos'
    for await (const token of sequence.evaluate(prompt, options)) {
      if (this.#cancelled) {
        rawFinishReason = 'cancelled'
        break
      }
      if (generated.length === 0) {
        onFirst()
        begun()
      }
      generated.push(token)
      this.#say('text', answer.push(token))
      if (answer.over !== undefined) {
        rawFinishReason = answer.over
        break
      }
      if (generated.length >= room) {
        rawFinishReason = generated.length === request.maxOutputTokens ? 'max-tokens' : 'context-full'
        break
      }
      if (this.#unread >= textWindow) await this.#readerToCatchUp()
    }
    if (answer.over === undefined) this.#say('text', answer.rest())
    const cut = rawFinishReason === 'max-tokens' || rawFinishReason === 'context-full'
    return {
      finishReason: cut ? 'length' : 'stop',
      rawFinishReason,
      ...(answer.over === 'stop-string' && { stopSequence: answer.stopSequence as string }),
      outputTokens: generated.length,
      ...(answer instanceof ThinkingAnswer && { reasoningTokens: answer.thoughtTokens }),
      ...(answer.inCall && { cutCall: true }),
    }
  }

  #say(kind: TextKind, text: string): void {
    this.#unread += text.length
    this.voice.text(kind, text)
  }

  async #readerToCatchUp(): Promise<void> {
    this.voice.flush()
    const paused = performance.now()
    while (this.#unread >= textWindow && !this.#cancelled)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    this.#pausedMs += performance.now() - paused
  }
}

function samplingOptions(
  request: ChatJob,
  { grammar }: Answer,
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
