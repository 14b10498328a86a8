// Text and tool calls told apart while they come.
import type { CallFormat } from './call-format.js'
import { overlap } from './text.js'

/** A call the model has written. */
export interface WrittenCall {
  name: string
  input: unknown
}

type State =
  /** Outside of calls; `held` may become the sign of one. Space right behind a call belongs to it. */
  | { at: 'text'; held: string; behindCall: boolean }
  /** `before` is what the text would be if this turned out to be no call. */
  | { at: 'call'; before: string; json: string; depth: number; inString: boolean; escaped: boolean }
  /** Behind a call, where its closing sign is due. */
  | { at: 'end'; held: string }

export class CallReader {
  readonly #format: CallFormat
  readonly #onCall: (call: WrittenCall) => void
  #state: State
  /** Calls so far. */
  calls = 0

  /** `begun`: the sign of a call is already there. */
  constructor(format: CallFormat, begun: boolean, onCall: (call: WrittenCall) => void) {
    this.#format = format
    this.#onCall = onCall
    this.#state = begun ? beginning('') : outside('', false)
  }

  /** What has been written of a call that has begun. */
  get open(): string | undefined {
    return this.#state.at === 'call' ? this.#state.json : undefined
  }

  /** The text that is certain now. Space before a call belongs to the call. */
  push(text: string): string {
    const state = this.#state
    switch (state.at) {
      case 'text': {
        const all = state.behindCall ? (state.held + text).trimStart() : state.held + text
        const { open } = this.#format
        const sign = all.indexOf(open)
        if (sign >= 0) {
          const certain = all.slice(0, sign).trimEnd()
          this.#state = beginning(all.slice(certain.length, sign + open.length))
          return certain + this.push(all.slice(sign + open.length))
        }
        const certain = all.slice(0, all.length - overlap(all, open)).trimEnd()
        this.#state = outside(all.slice(certain.length), state.behindCall && all === '')
        return certain
      }
      case 'call': {
        const length = wholeAfter(state, text)
        if (length === undefined) {
          state.json += text
          return ''
        }
        const json = state.json + text.slice(0, length)
        const call = this.#parsed(json)
        if (call === undefined) {
          // What looked like a call and is none is text.
          this.#state = outside('', false)
          return state.before + json + this.push(text.slice(length))
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
        this.#state = outside('', true)
        return this.push(rest)
      }
    }
  }

  /** What was held back, at the end. */
  rest(): string {
    const state = this.#state
    if (state.at !== 'text') return ''
    return this.calls > 0 ? state.held.trimEnd() : state.held
  }

  #parsed(json: string): WrittenCall | undefined {
    try {
      const { [this.#format.nameKey]: name, [this.#format.inputKey]: input = {} } = JSON.parse(json)
      return typeof name === 'string' ? { name, input } : undefined
    } catch {
      return undefined
    }
  }
}

type Call = Extract<State, { at: 'call' }>

function outside(held: string, behindCall: boolean): State {
  return { at: 'text', held, behindCall }
}

function beginning(before: string): Call {
  return { at: 'call', before, json: '', depth: 0, inString: false, escaped: false }
}

/** How much of the text ends the object; nothing while it goes on. */
function wholeAfter(state: Call, text: string): number | undefined {
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
