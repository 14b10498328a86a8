// Reader that separates a model's thinking from its answer. Thinking has no grammar and no tool calls.
import type { LlamaModel, Token } from 'node-llama-cpp'
import type { AnswerReader } from './answer.js'
import { suffixOverlap, TextDecoder } from './text.js'
import type { ThinkingFormat } from './thinking-format.js'

export class ThinkingReader implements AnswerReader {
  /** Tokens of the thinking, markers included. */
  thoughtTokens = 0
  readonly grammar?: NonNullable<AnswerReader['grammar']>
  readonly #model: Pick<LlamaModel, 'detokenize' | 'isSpecialToken'>
  readonly #format: ThinkingFormat
  readonly #answer: AnswerReader
  readonly #onThought: (text: string) => void
  readonly #decoder: TextDecoder
  #state: 'undecided' | 'thinking' | 'answer'
  /** Tokens that may be the opening marker. */
  #held: Token[] = []
  /** Text that may be the start of a marker, or the white space before one. */
  #text = ''
  /** No text of the thinking, or of the answer after it, was returned yet. */
  #atStart = true

  /** `started`: the prompt ends inside the thinking; otherwise the model decides whether it thinks. */
  constructor(
    model: Pick<LlamaModel, 'detokenize' | 'isSpecialToken'>,
    format: ThinkingFormat,
    started: boolean,
    answer: AnswerReader,
    onThought: (text: string) => void,
  ) {
    this.#model = model
    this.#format = format
    this.#state = started ? 'thinking' : 'undecided'
    this.#answer = answer
    this.#onThought = onThought
    this.#decoder = new TextDecoder(model)
    const { grammar } = answer
    if (grammar !== undefined) this.grammar = () => (this.#state === 'answer' ? grammar() : undefined)
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

  push(token: Token): string {
    if (this.#state === 'answer') return this.#answerText(this.#answer.push(token))
    this.#text += this.#textOf(token)
    if (this.#state === 'undecided') {
      this.#held.push(token)
      const text = this.#text.trimStart()
      const { open } = this.#format
      if (!text.startsWith(open)) return open.startsWith(text) ? '' : this.#startAnswer()
      this.#state = 'thinking'
      this.thoughtTokens = this.#held.length
      this.#text = text.slice(open.length)
    } else this.thoughtTokens++
    return this.#readThought()
  }

  flush(): string {
    if (this.#state === 'undecided') return this.#startAnswer() + this.#answer.flush()
    if (this.#state === 'thinking') this.#emitThought(this.#text.trimEnd())
    return this.#answerText(this.#answer.flush())
  }

  #readThought(): string {
    const { close } = this.#format
    const end = this.#text.indexOf(close)
    const final = end >= 0 ? end : this.#text.length - suffixOverlap(this.#text, close)
    const thought = this.#text.slice(0, final).trimEnd()
    this.#emitThought(thought)
    if (end < 0) {
      this.#text = this.#text.slice(thought.length)
      return ''
    }
    this.#state = 'answer'
    this.#atStart = true
    return this.#answerText(this.#text.slice(end + close.length))
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
    return text === this.#format.open || text === this.#format.close ? text : ''
  }
}
