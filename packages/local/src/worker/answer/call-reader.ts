// Streaming parser that separates text from tool calls.
import type { CallFormat } from './call-format.js'
import { suffixOverlap } from './text.js'

/** A tool call of the model. */
export interface ParsedCall {
  name: string
  input: unknown
}

type State =
  /** Outside of calls. `held` may be the start of a marker. White space right after a call belongs to the call. */
  | { at: 'text'; held: string; afterCall: boolean }
  /** Inside a call. `marker` is the text before it, which is returned as text if the call is not valid. */
  | { at: 'call'; marker: string; json: string; depth: number; inString: boolean; escaped: boolean }
  /** After the JSON of a call, where the closing marker is expected. */
  | { at: 'end'; held: string }

export class CallReader {
  readonly #format: CallFormat
  readonly #onCall: (call: ParsedCall) => void
  #state: State
  /** Number of calls so far. */
  calls = 0

  /** `forced`: the prompt ends with the opening marker of a call. */
  constructor(format: CallFormat, forced: boolean, onCall: (call: ParsedCall) => void) {
    this.#format = format
    this.#onCall = onCall
    this.#state = forced ? callState('') : textState('', false)
  }

  /** JSON so far of a call that is not complete. */
  get openCall(): string | undefined {
    return this.#state.at === 'call' ? this.#state.json : undefined
  }

  /** Takes more text, and returns the text that is final now. White space before a call belongs to the call. */
  push(text: string): string {
    const state = this.#state
    switch (state.at) {
      case 'text': {
        const all = state.afterCall ? (state.held + text).trimStart() : state.held + text
        const { open } = this.#format
        const index = all.indexOf(open)
        if (index >= 0) {
          const final = all.slice(0, index).trimEnd()
          this.#state = callState(all.slice(final.length, index + open.length))
          return final + this.push(all.slice(index + open.length))
        }
        const final = all.slice(0, all.length - suffixOverlap(all, open)).trimEnd()
        this.#state = textState(all.slice(final.length), state.afterCall && all === '')
        return final
      }
      case 'call': {
        const length = endOfObject(state, text)
        if (length === undefined) {
          state.json += text
          return ''
        }
        const json = state.json + text.slice(0, length)
        const call = this.#parse(json)
        if (call === undefined) {
          // What is not a valid call is text.
          this.#state = textState('', false)
          return state.marker + json + this.push(text.slice(length))
        }
        this.#state = { at: 'end', held: '' }
        this.calls++
        this.#onCall(call)
        return this.push(text.slice(length))
      }
      case 'end': {
        const { close } = this.#format
        state.held = (state.held + text).trimStart()
        if (state.held.length < close.length && close.startsWith(state.held)) return ''
        const rest = state.held.startsWith(close) ? state.held.slice(close.length) : state.held
        this.#state = textState('', true)
        return this.push(rest)
      }
    }
  }

  /** At the end: returns the text that was held back. */
  flush(): string {
    const state = this.#state
    if (state.at !== 'text') return ''
    return this.calls > 0 ? state.held.trimEnd() : state.held
  }

  #parse(json: string): ParsedCall | undefined {
    try {
      const { [this.#format.nameKey]: name, [this.#format.inputKey]: input = {} } = JSON.parse(json)
      return typeof name === 'string' ? { name, input } : undefined
    } catch {
      return undefined
    }
  }
}

type Call = Extract<State, { at: 'call' }>

function textState(held: string, afterCall: boolean): State {
  return { at: 'text', held, afterCall }
}

function callState(marker: string): Call {
  return { at: 'call', marker, json: '', depth: 0, inString: false, escaped: false }
}

/** The length of the text up to the end of the JSON object; `undefined` if it goes on. */
function endOfObject(state: Call, text: string): number | undefined {
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (state.escaped) state.escaped = false
    else if (state.inString) {
      state.escaped = character === '\\'
      state.inString = character !== '"'
    } else if (character === '"') state.inString = true
    else if (character === '{') state.depth++
    else if (character === '}' && --state.depth <= 0) return at + 1
  }
  return undefined
}
