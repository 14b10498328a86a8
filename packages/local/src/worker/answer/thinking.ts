// Thinking before an answer, told apart from it by its signs. It is under no grammar, and holds no calls.
import type { LlamaModel, Token } from 'node-llama-cpp'
import type { Answer } from './answer.js'
import { overlap, TextDecoder } from './text.js'
import type { ThinkFormat } from './think-format.js'

export class ThinkingAnswer implements Answer {
  /** Tokens of thinking, its signs included. */
  thoughtTokens = 0
  readonly grammar?: NonNullable<Answer['grammar']>
  readonly #model: Pick<LlamaModel, 'detokenize' | 'isSpecialToken'>
  readonly #format: ThinkFormat
  readonly #answer: Answer
  readonly #onThought: (text: string) => void
  readonly #decoder: TextDecoder
  #state: 'open' | 'thinking' | 'over'
  /** Tokens that may still turn out to be the sign. */
  #held: Token[] = []
  /** What may be the beginning of a sign, or the space before one. */
  #text = ''
  /** Nothing of the thought, or after it nothing of the answer, has been said. */
  #fresh = true

  /** `begun`: the prompt ends inside the thinking; otherwise the model decides whether it thinks. */
  constructor(
    model: Pick<LlamaModel, 'detokenize' | 'isSpecialToken'>,
    format: ThinkFormat,
    begun: boolean,
    answer: Answer,
    onThought: (text: string) => void,
  ) {
    this.#model = model
    this.#format = format
    this.#state = begun ? 'thinking' : 'open'
    this.#answer = answer
    this.#onThought = onThought
    this.#decoder = new TextDecoder(model)
    const { grammar } = answer
    if (grammar !== undefined) this.grammar = () => (this.#state === 'over' ? grammar() : undefined)
  }

  get over(): Answer['over'] {
    return this.#answer.over
  }

  get stopSequence(): string | undefined {
    return this.#answer.stopSequence
  }

  get inCall(): boolean {
    return this.#answer.inCall
  }

  push(token: Token): string {
    if (this.#state === 'over') return this.#said(this.#answer.push(token))
    this.#text += this.#textOf(token)
    if (this.#state === 'open') {
      this.#held.push(token)
      const text = this.#text.trimStart()
      const { open } = this.#format
      if (!text.startsWith(open)) return open.startsWith(text) ? '' : this.#unthinking()
      this.#state = 'thinking'
      this.thoughtTokens = this.#held.length
      this.#text = text.slice(open.length)
    } else this.thoughtTokens++
    return this.#think()
  }

  rest(): string {
    if (this.#state === 'open') return this.#unthinking() + this.#answer.rest()
    if (this.#state === 'thinking') this.#thought(this.#text.trimEnd())
    return this.#said(this.#answer.rest())
  }

  #think(): string {
    const { close } = this.#format
    const end = this.#text.indexOf(close)
    const certain = end >= 0 ? end : this.#text.length - overlap(this.#text, close)
    const thought = this.#text.slice(0, certain).trimEnd()
    this.#thought(thought)
    if (end < 0) {
      this.#text = this.#text.slice(thought.length)
      return ''
    }
    this.#state = 'over'
    this.#fresh = true
    return this.#said(this.#text.slice(end + close.length))
  }

  #thought(thought: string): void {
    const text = this.#fresh ? thought.trimStart() : thought
    if (text === '') return
    this.#fresh = false
    this.#onThought(text)
  }

  /** The space between thinking and answer belongs to neither. */
  #said(text: string): string {
    if (!this.#fresh) return text
    const said = text.trimStart()
    if (said !== '') this.#fresh = false
    return said
  }

  /** The answer begins at once: what was held is its beginning. */
  #unthinking(): string {
    this.#state = 'over'
    this.#fresh = false
    return this.#held.map((token) => this.#answer.push(token)).join('')
  }

  /** Control tokens are no text, but where thinking is written with them they are signs. */
  #textOf(token: Token): string {
    if (!this.#model.isSpecialToken(token)) return this.#decoder.push(token)
    const text = this.#model.detokenize([token], true)
    return text === this.#format.open || text === this.#format.close ? text : ''
  }
}
