// Readers of generated tokens: plain text, JSON, and text with tool calls.
import type { LlamaGrammarEvaluationState, LlamaModel, Token } from 'node-llama-cpp'
import type { ChatJob } from '../../supervisor/protocol.js'
import type { CallGrammarOf } from '../grammar/call-grammar.js'
import { CallReader, type Markup, type MarkupListener } from './call-reader.js'
import { StopStrings, TextDecoder } from './text.js'

/** Turns the tokens of an answer into text and tool calls, as they are generated. */
export interface AnswerReader {
  /** Takes the next token, and returns the text that is final now. */
  push(token: Token): string
  /** At the end: returns the text that was held back. Of an answer that was cut, half a call is left out. */
  flush(cut?: boolean): string
  /** Why the answer is complete; `undefined` while it is not. */
  readonly endReason: 'stop-string' | 'json-complete' | 'one-call' | undefined
  /** The stop string that ended the answer. */
  readonly stopSequence: string | undefined
  /** A tool call has begun and is not complete. */
  readonly inCall: boolean
  /** Tokens of the thinking, for readers of models that think. */
  readonly thoughtTokens?: number | undefined
  /** The text that ends the thought under way; `undefined` if there is none. */
  readonly thoughtEnd?: string | undefined
  /** The text that has to follow a thought before the grammar of the answer begins; `undefined` anywhere else. */
  readonly pendingFrame?: string | undefined
  /** Something began like a tool call, and was not one. */
  readonly invalidCall?: boolean
  /** The grammar for the next token. */
  readonly grammar?: () => LlamaGrammarEvaluationState | undefined
}

/** A reader of what follows a thought. */
export interface ContentReader extends AnswerReader {
  /** Takes text that a token held besides other text. */
  pushText(text: string): string
}

/** Reads plain text. */
export class TextReader implements ContentReader {
  readonly inCall = false
  readonly #decoder: TextDecoder

  constructor(model: LlamaModel, stop: string[] | undefined) {
    this.#decoder = new TextDecoder(model, stop)
  }

  get endReason(): 'stop-string' | undefined {
    return this.stopSequence === undefined ? undefined : 'stop-string'
  }

  get stopSequence(): string | undefined {
    return this.#decoder.stopSequence
  }

  push(token: Token): string {
    return this.#decoder.push(token)
  }

  pushText(text: string): string {
    return this.#decoder.pushText(text)
  }

  flush(): string {
    return this.#decoder.flush()
  }
}

/** Reads JSON up to the end of its value: the grammar would allow white space after it for ever. */
export class JsonReader implements ContentReader {
  readonly inCall = false
  readonly #decoder: TextDecoder
  #json = ''
  #complete = false

  constructor(
    model: LlamaModel,
    stop: string[] | undefined,
    private readonly state: LlamaGrammarEvaluationState,
  ) {
    this.#decoder = new TextDecoder(model, stop)
  }

  get endReason(): AnswerReader['endReason'] {
    return this.#complete ? 'json-complete' : this.stopSequence === undefined ? undefined : 'stop-string'
  }

  get stopSequence(): string | undefined {
    return this.#decoder.stopSequence
  }

  readonly grammar = (): LlamaGrammarEvaluationState => this.state

  push(token: Token): string {
    return this.#read(this.#decoder.push(token))
  }

  pushText(text: string): string {
    return this.#read(this.#decoder.pushText(text))
  }

  #read(text: string): string {
    this.#json += text
    this.#complete = /[}\]]\s*$/.test(this.#json) && isJson(this.#json)
    return this.#complete ? text.trimEnd() : text
  }

  flush(): string {
    return this.#complete ? '' : this.#decoder.flush()
  }
}

/** What a reader of text with markup is made of. */
export interface MarkupReaderOptions {
  markup: Markup
  listener: MarkupListener
  /** Grammar for calls; absent without tools. */
  grammar?: CallGrammarOf
  /** Text of the answer that the prompt ends with. */
  begun?: string
}

/** Reads text with tool calls and other markup. From the start of a call, a grammar allows only calls of offered tools. */
export class MarkupReader implements ContentReader {
  /** Tokens of thoughts between texts and calls; `undefined` if there are none. */
  thoughtTokens: number | undefined
  readonly #model: Pick<LlamaModel, 'detokenize' | 'isSpecialToken'>
  readonly #decoder: TextDecoder
  readonly #stops: StopStrings
  readonly #reader: CallReader
  readonly #marks: string
  readonly #singleCall: boolean
  readonly #callGrammar: CallGrammarOf
  readonly #signless: boolean
  #grammar: LlamaGrammarEvaluationState | undefined

  constructor(
    model: Pick<LlamaModel, 'detokenize' | 'isSpecialToken'>,
    { stop, singleCall = false }: Pick<ChatJob, 'stop' | 'singleCall'>,
    { markup, listener, grammar = () => undefined, begun = '' }: MarkupReaderOptions,
  ) {
    this.#model = model
    this.#decoder = new TextDecoder(model)
    this.#stops = new StopStrings(stop ?? [])
    const { format, frames, thoughts } = markup
    const marks = [...(format?.signs ?? []), ...(format?.marks ?? []), ...frames]
    this.#marks = [...marks, thoughts?.open ?? '', thoughts?.close ?? ''].join('\n')
    this.#singleCall = singleCall
    this.#callGrammar = grammar
    this.#signless = format?.atStart === true || format?.uncertain === true
    this.#reader = new CallReader(markup, listener)
    if (markup.forced) this.#grammar = grammar('')
    else this.#reader.push(begun)
  }

  get endReason(): AnswerReader['endReason'] {
    if (this.stopSequence !== undefined) return 'stop-string'
    return this.#singleCall && this.#reader.calls > 0 ? 'one-call' : undefined
  }

  get stopSequence(): string | undefined {
    return this.#stops.matched
  }

  get inCall(): boolean {
    return this.#reader.unfinished
  }

  /** Something began like a call, and was not one: it is text. */
  get invalidCall(): boolean {
    return this.#reader.invalidCall
  }

  readonly grammar = (): LlamaGrammarEvaluationState | undefined => this.#grammar

  push(token: Token): string {
    const wasInThought = this.#reader.inThought
    const text = this.#read(this.#mark(token) ?? this.#decoder.push(token))
    if (wasInThought || this.#reader.inThought) this.thoughtTokens = (this.thoughtTokens ?? 0) + 1
    return text
  }

  pushText(text: string): string {
    return this.#read(text)
  }

  flush(cut = false): string {
    const text = this.#read(this.#decoder.flush()) + this.#stops.push(this.#reader.flush(cut))
    return text + this.#stops.flush()
  }

  #read(text: string): string {
    const wasInCall = this.#reader.inCall
    const final = this.#stops.push(this.#reader.push(text))
    if (!this.#reader.inCall) this.#grammar = undefined
    // The token of the sign may hold the first letters of the call. What begins without a sign may be no call.
    else if (!wasInCall && !this.#signless) this.#grammar = this.#callGrammar(this.#reader.openCall ?? '')
    return final
  }

  /** The text of a control token that is a mark; other control tokens have no text. */
  #mark(token: Token): string | undefined {
    if (!this.#model.isSpecialToken(token)) return undefined
    const text = this.#model.detokenize([token], true)
    return text !== '' && this.#marks.includes(text) ? text : undefined
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
