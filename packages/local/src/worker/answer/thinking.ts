// Reader that separates a model's thinking from its answer. Thinking has no grammar and no tool calls.
import type { LlamaModel, Token } from 'node-llama-cpp'
import type { AnswerReader, ContentReader } from './answer.js'
import { suffixOverlap, TextDecoder } from './text.js'
import { endOfThought, type ThinkingFormat } from './thinking-format.js'

export class ThinkingReader implements AnswerReader {
  #thoughtTokens = 0
  readonly grammar?: NonNullable<AnswerReader['grammar']>
  readonly #model: Pick<LlamaModel, 'detokenize' | 'isSpecialToken'>
  readonly #format: ThinkingFormat
  readonly #answer: ContentReader
  readonly #onThought: (text: string) => void
  readonly #decoder: TextDecoder
  #state: 'undecided' | 'thinking' | 'frame' | 'answer'
  /** Tokens that may be the opening marker. */
  #held: Token[] = []
  /** Text that may be the start of a marker, or the white space before one. */
  #text = ''
  /** No text of the thinking, or of the answer after it, was returned yet. */
  #atStart = true

  readonly #breaks: readonly string[]
  readonly #frame: string
  #mayRepeat: boolean

  /**
   * `started`: the prompt ends inside the thinking; otherwise the model decides whether it thinks. `breaks`: texts that end
   * the thinking, and belong to the answer. `frame`: what stands between the thought and an answer that has a grammar.
   */
  constructor(
    model: Pick<LlamaModel, 'detokenize' | 'isSpecialToken'>,
    format: ThinkingFormat,
    started: boolean,
    answer: ContentReader,
    onThought: (text: string) => void,
    breaks: readonly string[] = [],
    frame = '',
  ) {
    this.#breaks = breaks
    this.#frame = frame
    this.#mayRepeat = started
    this.#model = model
    this.#format = format
    this.#state = started ? 'thinking' : 'undecided'
    this.#answer = answer
    this.#onThought = onThought
    this.#decoder = new TextDecoder(model)
    const { grammar } = answer
    if (grammar !== undefined) this.grammar = () => (this.#state === 'answer' ? grammar() : undefined)
  }

  /** Tokens of the thinking, markers included. */
  get thoughtTokens(): number {
    return this.#thoughtTokens + (this.#answer.thoughtTokens ?? 0)
  }

  /** The text that ends the thought under way; `undefined` if there is none. */
  get thoughtEnd(): string | undefined {
    if (this.#state !== 'thinking') return undefined
    return endOfThought(this.#format)
  }

  get pendingFrame(): string | undefined {
    return this.#state === 'frame' && this.#text === '' ? this.#frame : undefined
  }

  get endReason(): AnswerReader['endReason'] {
    return this.#answer.endReason
  }

  get stopSequence(): string | undefined {
    return this.#answer.stopSequence
  }

  get inCall(): boolean {
    return this.#answer.inCall
  }

  get invalidCall(): boolean {
    return this.#answer.invalidCall === true
  }

  push(token: Token): string {
    if (this.#state === 'answer') return this.#answerText(this.#answer.push(token))
    this.#text += this.#textOf(token)
    if (this.#state === 'frame') return this.#readFrame()
    if (this.#state === 'undecided') {
      this.#held.push(token)
      const text = this.#text.trimStart()
      const { open, close } = this.#format
      // Some models write the closing marker alone if they do not think.
      if (text.startsWith(close)) return this.#readThought()
      if (!text.startsWith(open))
        return open.startsWith(text) || close.startsWith(text) ? '' : this.#startAnswer()
      this.#state = 'thinking'
      this.#thoughtTokens = this.#held.length
      this.#text = text.slice(open.length)
    } else this.#thoughtTokens++
    return this.#readThought()
  }

  flush(cut = false): string {
    if (this.#state === 'undecided') return this.#startAnswer() + this.#answer.flush(cut)
    if (this.#state === 'thinking') this.#emitThought(this.#text.trimEnd())
    if (this.#state === 'frame') return this.#startFramed(this.#text) + this.#answer.flush(cut)
    return this.#answerText(this.#answer.flush(cut))
  }

  #readThought(): string {
    const { open, close } = this.#format
    if (this.#atStart && this.#mayRepeat) {
      // The prompt has begun the thought, and the model does it again.
      const text = this.#text.trimStart()
      if (text.startsWith(open)) this.#text = text.slice(open.length)
      else if (open.startsWith(text)) return ''
      this.#mayRepeat = false
    }
    // Some models end a thought with a call.
    const [end] = [close, ...this.#breaks]
      .map((mark) => ({ mark, at: this.#text.indexOf(mark) }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => a.at - b.at)
    const held = Math.max(...[close, ...this.#breaks].map((mark) => suffixOverlap(this.#text, mark)))
    const final = end?.at ?? this.#text.length - held
    const thought = this.#text.slice(0, final).trimEnd()
    this.#emitThought(thought)
    if (end === undefined) {
      this.#text = this.#text.slice(thought.length)
      return ''
    }
    this.#atStart = true
    const rest = this.#text.slice(end.mark === close ? end.at + close.length : end.at)
    if (this.#frame === '') return this.#startFramed(rest)
    this.#state = 'frame'
    this.#text = rest
    return this.#readFrame()
  }

  #readFrame(): string {
    const frame = this.#frame
    this.#text = this.#text.trimStart()
    if (this.#text.startsWith(frame)) return this.#startFramed(this.#text.slice(frame.length))
    return frame.startsWith(this.#text) ? '' : this.#startFramed(this.#text)
  }

  #startFramed(text: string): string {
    this.#state = 'answer'
    return this.#answerText(this.#answer.pushText(text))
  }

  #emitThought(thought: string): void {
    const text = this.#atStart ? thought.trimStart() : thought
    if (text === '') return
    this.#atStart = false
    this.#onThought(text)
  }

  /** Removes the white space between thinking and answer. */
  #answerText(text: string): string {
    if (!this.#atStart) return text
    const trimmed = text.trimStart()
    if (trimmed !== '') this.#atStart = false
    return trimmed
  }

  /** The model does not think: the held tokens are the start of the answer. */
  #startAnswer(): string {
    this.#state = 'answer'
    this.#atStart = false
    return this.#held.map((token) => this.#answer.push(token)).join('')
  }

  /** The text of a token. Of control tokens, only the markers have text. */
  #textOf(token: Token): string {
    if (!this.#model.isSpecialToken(token)) return this.#decoder.push(token)
    const text = this.#model.detokenize([token], true)
    const { open, close } = this.#format
    return text !== '' && [open, close, this.#frame, ...this.#breaks].some((mark) => mark.includes(text))
      ? text
      : ''
  }
}
