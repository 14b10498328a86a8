// Readers of generated tokens: plain text, JSON, and text with tool calls.
import type { LlamaGrammarEvaluationState, LlamaModel, Token } from 'node-llama-cpp'
import type { ChatJob } from '../../supervisor/protocol.js'
import type { CallFormat } from './call-format.js'
import { CallReader, type ParsedCall } from './call-reader.js'
import { StopStrings, TextDecoder } from './text.js'

/** Turns the tokens of an answer into text and tool calls, as they are generated. */
export interface AnswerReader {
  /** Takes the next token, and returns the text that is final now. */
  push(token: Token): string
  /** At the end: returns the text that was held back. */
  flush(): string
  /** Why the answer is complete; `undefined` while it is not. */
  readonly endReason: 'stop-string' | 'json-complete' | 'one-call' | undefined
  /** The stop string that ended the answer. */
  readonly stopSequence: string | undefined
  /** A tool call has begun and is not complete. */
  readonly inCall: boolean
  /** The grammar for the next token. */
  readonly grammar?: () => LlamaGrammarEvaluationState | undefined
}

/** Reads plain text. */
export class TextReader implements AnswerReader {
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

  flush(): string {
    return this.#decoder.flush()
  }
}

/** Reads JSON up to the end of its value: the grammar would allow white space after it for ever. */
export class JsonReader implements AnswerReader {
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
    const text = this.#decoder.push(token)
    this.#json += text
    this.#complete = /[}\]]\s*$/.test(this.#json) && isJson(this.#json)
    return this.#complete ? text.trimEnd() : text
  }

  flush(): string {
    return this.#complete ? '' : this.#decoder.flush()
  }
}

/** Reads text with tool calls. From the start of a call, a grammar allows only a complete call of an offered tool. */
export class ToolReader implements AnswerReader {
  readonly #model: LlamaModel
  readonly #decoder: TextDecoder
  readonly #stops: StopStrings
  readonly #reader: CallReader
  readonly #markers: string
  readonly #singleCall: boolean
  readonly #callGrammar: (withSeparator: boolean) => LlamaGrammarEvaluationState
  #grammar: LlamaGrammarEvaluationState | undefined

  constructor(
    model: LlamaModel,
    { stop, forcedCall, singleCall = false }: Pick<ChatJob, 'stop' | 'forcedCall' | 'singleCall'>,
    format: CallFormat,
    callGrammar: (withSeparator: boolean) => LlamaGrammarEvaluationState,
    onCall: (call: ParsedCall) => void,
  ) {
    this.#model = model
    this.#decoder = new TextDecoder(model)
    this.#stops = new StopStrings(stop ?? [])
    this.#markers = format.open + format.close
    this.#singleCall = singleCall
    this.#callGrammar = callGrammar
    const forced = forcedCall !== undefined
    this.#reader = new CallReader(format, forced, (call) => {
      this.#grammar = undefined
      onCall(call)
    })
    if (forced) this.#grammar = callGrammar(false)
  }

  get endReason(): AnswerReader['endReason'] {
    if (this.stopSequence !== undefined) return 'stop-string'
    return this.#singleCall && this.#reader.calls > 0 ? 'one-call' : undefined
  }

  get stopSequence(): string | undefined {
    return this.#stops.matched
  }

  get inCall(): boolean {
    return this.#reader.openCall !== undefined
  }

  readonly grammar = (): LlamaGrammarEvaluationState | undefined => this.#grammar

  push(token: Token): string {
    return this.#read(this.#marker(token) ?? this.#decoder.push(token))
  }

  flush(): string {
    const text = this.#read(this.#decoder.flush()) + this.#stops.push(this.#reader.flush())
    return text + this.#stops.flush()
  }

  #read(text: string): string {
    const callBefore = this.#reader.openCall
    const final = this.#stops.push(this.#reader.push(text))
    // A grammar can only start with a call's first letter, so not if the token of the marker held more.
    const { openCall } = this.#reader
    if (callBefore === undefined && openCall?.trim() === '')
      this.#grammar = this.#callGrammar(openCall === '')
    return final
  }

  /** The text of a control token that marks tool calls; other control tokens have no text. */
  #marker(token: Token): string | undefined {
    if (!this.#model.isSpecialToken(token)) return undefined
    const text = this.#model.detokenize([token], true)
    return text !== '' && this.#markers.includes(text) ? text : undefined
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
