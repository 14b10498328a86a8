// Streaming reader of an answer's markup: separates text from tool calls, later thoughts, and marks that are no text.
import type { CallContext, CallFormat } from './calls/call-format.js'
import { NotACall, type Parser, Source } from './calls/source.js'
import { suffixOverlap } from './text.js'
import type { ThinkingFormat } from './thinking-format.js'

export type { ParsedCall } from './calls/call-format.js'

/** What a reader looks for besides text. */
export interface Markup {
  /** Absent for answers without tools. */
  format?: CallFormat
  /** Marks that frame an answer's text, and are no text themselves. */
  frames: readonly string[]
  /** Thoughts between texts or calls. */
  thoughts?: ThinkingFormat
  /** The prompt ends with the sign of a call. */
  forced?: boolean
}

/** Receives what is no text. */
export interface MarkupListener extends CallContext {
  onThought(text: string): void
}

type State =
  /** Outside of calls. `held` may be the start of a sign. White space right after a call belongs to the call. */
  | { at: 'text'; held: string; afterCall: boolean }
  /** Inside a section of calls. `sign` is the text before it, which becomes text again if there is no call. */
  | { at: 'call'; sign: string; source: Source; parser: Parser<void>; committed: number }
  | { at: 'thought'; held: string; started: boolean }

export class CallReader {
  readonly #markup: Markup
  readonly #listener: MarkupListener
  readonly #signs: string[]
  #state: State = { at: 'text', held: '', afterCall: false }
  #hasText = false
  /** Number of calls so far. */
  calls = 0
  /** Something began like a call, and was not one. */
  invalidCall = false

  constructor(markup: Markup, listener: MarkupListener) {
    this.#markup = markup
    this.#listener = listener
    const { format, frames, thoughts, forced = false } = markup
    this.#signs = [...(format?.signs ?? []), ...frames, ...(thoughts ? [thoughts.open] : [])]
    if (forced && format !== undefined)
      this.#state = this.#startCall('', format.atStart ? '' : (format.signs[0] ?? ''), format)
  }

  /** The text after the sign, in a call that is not complete. */
  get openCall(): string | undefined {
    const state = this.#state
    return state.at === 'call' ? state.source.read(0) + state.source.rest : undefined
  }

  get inCall(): boolean {
    return this.#state.at === 'call'
  }

  /** A call has begun and is not complete; after complete ones, a section may still be open. */
  get unfinished(): boolean {
    const state = this.#state
    if (state.at !== 'call') return false
    const { source, committed } = state
    return committed < 0 || (source.read(committed) + source.rest).trim() !== ''
  }

  get inThought(): boolean {
    return this.#state.at === 'thought'
  }

  /** Takes more text, and returns the text that is final now. White space before a call belongs to the call. */
  push(text: string): string {
    const state = this.#state
    switch (state.at) {
      case 'text':
        return this.#readText(state, text)
      case 'call':
        state.source.push(text)
        return this.#readCall(state)
      case 'thought':
        return this.#readThought(state, text)
    }
  }

  /** At the end: returns the text that was held back. */
  flush(): string {
    const state = this.#state
    if (state.at === 'thought') {
      this.#emitThought(state, state.held.trimEnd())
      return ''
    }
    if (state.at === 'call') return this.#endCall(state)
    return this.calls > 0 ? state.held.trimEnd() : state.held
  }

  #readText(state: Extract<State, { at: 'text' }>, text: string): string {
    const all = state.afterCall ? (state.held + text).trimStart() : state.held + text
    const found = this.#findSign(all)
    if (found === undefined) {
      const final = all.slice(0, all.length - this.#overlap(all)).trimEnd()
      this.#state = { at: 'text', held: all.slice(final.length), afterCall: state.afterCall && all === '' }
      this.#hasText ||= final !== ''
      return final
    }
    const { sign, at } = found
    const before = all.slice(0, at)
    const after = all.slice(at + sign.length)
    const { format, frames, thoughts } = this.#markup
    if (format?.signs.includes(sign)) {
      const final = before.trimEnd()
      this.#hasText ||= final !== ''
      this.#state = this.#startCall(before.slice(final.length) + sign, sign, format)
      return final + this.push(after)
    }
    if (frames.includes(sign)) {
      // Text before and after a frame is text; white space at its ends is not.
      const final = before.trimEnd()
      this.#hasText ||= final !== ''
      this.#state = { at: 'text', held: '', afterCall: !this.#hasText || this.calls > 0 }
      return final + this.push(after)
    }
    if (thoughts === undefined) return ''
    const final = before.trimEnd()
    this.#hasText ||= final !== ''
    this.#state = { at: 'thought', held: '', started: false }
    return final + this.push(after)
  }

  /** The first sign in a text; of several at one place, the longest. */
  #findSign(text: string): { sign: string; at: number } | undefined {
    const start = text.length - text.trimStart().length
    let first: { sign: string; at: number } | undefined
    for (const sign of this.#signs) {
      const at = this.#onlyAtStart(sign)
        ? !this.#hasText && text.startsWith(sign, start)
          ? start
          : -1
        : text.indexOf(sign)
      if (at < 0) continue
      if (first === undefined || at < first.at || (at === first.at && sign.length > first.sign.length))
        first = { sign, at }
    }
    // A longer sign may go on where this one ends.
    const longer =
      first !== undefined &&
      this.#signs.some(
        (sign) => sign.length > (first?.sign.length ?? 0) && sign.startsWith(text.slice(first?.at)),
      )
    return longer ? undefined : first
  }

  #onlyAtStart(sign: string): boolean {
    return this.#markup.format?.atStart === true && this.#markup.format.signs.includes(sign)
  }

  /** How many characters at the end may be the start of a sign. */
  #overlap(text: string): number {
    const possible = this.#signs.filter(
      (sign) => !this.#onlyAtStart(sign) || (!this.#hasText && text.trim() === ''),
    )
    return Math.max(
      0,
      ...possible.map((sign) => (sign.startsWith(text) ? text.length : suffixOverlap(text, sign))),
    )
  }

  #startCall(marker: string, sign: string, format: CallFormat): Extract<State, { at: 'call' }> {
    const source = new Source()
    const state: Extract<State, { at: 'call' }> = {
      at: 'call',
      sign: marker,
      source,
      committed: -1,
      parser: format.read(source, sign, {
        tools: this.#listener.tools,
        onCall: (call) => {
          state.committed = source.position
          this.calls++
          this.#listener.onCall(call)
        },
      }),
    }
    return state
  }

  #readCall(state: Extract<State, { at: 'call' }>): string {
    try {
      if (state.parser.next().done !== true) return ''
    } catch (error) {
      if (!(error instanceof NotACall)) throw error
      return this.#failCall(state)
    }
    this.#state = { at: 'text', held: '', afterCall: true }
    return this.push(state.source.rest)
  }

  /** What is not a valid call is text. */
  #failCall({ sign, source, committed }: Extract<State, { at: 'call' }>): string {
    this.invalidCall = true
    this.#state = { at: 'text', held: '', afterCall: false }
    this.#hasText = true
    const text = committed < 0 ? sign + source.read(0) : source.read(committed)
    return text + this.push(source.rest)
  }

  /** The answer ends inside of a section: its last call may be complete all the same. */
  #endCall(state: Extract<State, { at: 'call' }>): string {
    state.source.ended = true
    try {
      state.parser.next()
    } catch (error) {
      if (!(error instanceof NotACall)) throw error
      if (this.unfinished) return ''
    }
    this.#state = { at: 'text', held: '', afterCall: true }
    return this.push(state.source.rest) + this.flush()
  }

  #readThought(state: Extract<State, { at: 'thought' }>, text: string): string {
    const close = this.#markup.thoughts?.close ?? ''
    const all = state.held + text
    const end = all.indexOf(close)
    const final = end >= 0 ? end : all.length - suffixOverlap(all, close)
    const thought = all.slice(0, final).trimEnd()
    this.#emitThought(state, thought)
    if (end < 0) {
      state.held = all.slice(thought.length)
      return ''
    }
    this.#state = { at: 'text', held: '', afterCall: true }
    return this.push(all.slice(end + close.length))
  }

  #emitThought(state: Extract<State, { at: 'thought' }>, thought: string): void {
    const text = state.started ? thought : thought.trimStart()
    if (text === '') return
    state.started = true
    this.#listener.onThought(text)
  }
}
