// What the tokens of an answer mean: text, JSON, or text with tool calls.
import type { LlamaGrammarEvaluationState, LlamaModel, Token } from 'node-llama-cpp'
import type { ChatJob } from '../../supervisor/protocol.js'
import type { CallFormat } from './call-format.js'
import { CallReader, type WrittenCall } from './call-reader.js'
import { StopStrings, TextDecoder } from './text.js'

/** An answer on its way. */
export interface Answer {
  /** The text that is certain now. */
  push(token: Token): string
  /** What was held back, at the end. */
  rest(): string
  /** Why it is over, once it is. */
  readonly over: 'stop-string' | 'json-complete' | 'one-call' | undefined
  /** The stop string that ended it. */
  readonly stopSequence: string | undefined
  /** It stands in the middle of a call. */
  readonly inCall: boolean
  /** What the next token must fit. */
  readonly grammar?: () => LlamaGrammarEvaluationState | undefined
}

export class TextAnswer implements Answer {
  readonly inCall = false
  readonly #decoder: TextDecoder

  constructor(model: LlamaModel, stop: string[] | undefined) {
    this.#decoder = new TextDecoder(model, stop)
  }

  get over(): 'stop-string' | undefined {
    return this.stopSequence === undefined ? undefined : 'stop-string'
  }

  get stopSequence(): string | undefined {
    return this.#decoder.stopped
  }

  push(token: Token): string {
    return this.#decoder.push(token)
  }

  rest(): string {
    return this.#decoder.rest()
  }
}

/** Ends with its value: a grammar allows space after it for ever. */
export class JsonAnswer implements Answer {
  readonly inCall = false
  readonly #decoder: TextDecoder
  #json = ''
  #whole = false

  constructor(
    model: LlamaModel,
    stop: string[] | undefined,
    private readonly state: LlamaGrammarEvaluationState,
  ) {
    this.#decoder = new TextDecoder(model, stop)
  }

  get over(): Answer['over'] {
    return this.#whole ? 'json-complete' : this.stopSequence === undefined ? undefined : 'stop-string'
  }

  get stopSequence(): string | undefined {
    return this.#decoder.stopped
  }

  readonly grammar = (): LlamaGrammarEvaluationState => this.state

  push(token: Token): string {
    const text = this.#decoder.push(token)
    this.#json += text
    this.#whole = /[}\]]\s*$/.test(this.#json) && parses(this.#json)
    return this.#whole ? text.trimEnd() : text
  }

  rest(): string {
    return this.#whole ? '' : this.#decoder.rest()
  }
}

/** Once a call has begun, only a whole one of a known tool can follow. */
export class ToolAnswer implements Answer {
  readonly #model: LlamaModel
  readonly #decoder: TextDecoder
  readonly #stops: StopStrings
  readonly #reader: CallReader
  readonly #signs: string
  readonly #oneCall: boolean
  readonly #callGrammar: (led: boolean) => LlamaGrammarEvaluationState
  #grammar: LlamaGrammarEvaluationState | undefined

  constructor(
    model: LlamaModel,
    { stop, mustCall, oneCall = false }: Pick<ChatJob, 'stop' | 'mustCall' | 'oneCall'>,
    format: CallFormat,
    callGrammar: (led: boolean) => LlamaGrammarEvaluationState,
    onCall: (call: WrittenCall) => void,
  ) {
    this.#model = model
    this.#decoder = new TextDecoder(model)
    this.#stops = new StopStrings(stop ?? [])
    this.#signs = format.open + format.close
    this.#oneCall = oneCall
    this.#callGrammar = callGrammar
    const begun = mustCall !== undefined
    this.#reader = new CallReader(format, begun, (call) => {
      this.#grammar = undefined
      onCall(call)
    })
    if (begun) this.#grammar = callGrammar(false)
  }

  get over(): Answer['over'] {
    if (this.stopSequence !== undefined) return 'stop-string'
    return this.#oneCall && this.#reader.calls > 0 ? 'one-call' : undefined
  }

  get stopSequence(): string | undefined {
    return this.#stops.found
  }

  get inCall(): boolean {
    return this.#reader.open !== undefined
  }

  readonly grammar = (): LlamaGrammarEvaluationState | undefined => this.#grammar

  push(token: Token): string {
    return this.#read(this.#sign(token) ?? this.#decoder.push(token))
  }

  rest(): string {
    const text = this.#read(this.#decoder.rest()) + this.#stops.push(this.#reader.rest())
    return text + this.#stops.rest()
  }

  #read(text: string): string {
    const before = this.#reader.open
    const certain = this.#stops.push(this.#reader.push(text))
    // A call whose first letters came with its sign cannot be put under a grammar any more.
    const { open } = this.#reader
    if (before === undefined && open?.trim() === '') this.#grammar = this.#callGrammar(open === '')
    return certain
  }

  /** Control tokens are no text, but where calls are written with them they are signs. */
  #sign(token: Token): string | undefined {
    if (!this.#model.isSpecialToken(token)) return undefined
    const text = this.#model.detokenize([token], true)
    return text !== '' && this.#signs.includes(text) ? text : undefined
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
