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
  /** Outside of calls. After white space, `held` may be the start of a sign. White space right after a call belongs to the call. */
  | { at: 'text'; space: string; held: string; afterCall: boolean }
  /** Inside a section of calls. `sign` is the text before it, which becomes text again if there is no call. */
  | { at: 'call'; sign: string; source: Source; parser: Parser<void>; committed: number }
  | { at: 'thought'; held: string; started: boolean }

/** What a step has read: the text that is final now, and what is left for the next step. */
type Step = [final: string, rest?: string]

const outside = (afterCall: boolean): State => ({ at: 'text', space: '', held: '', afterCall })

/** Long texts are read in pieces: looking for a sign in all that follows, call for call, would take the square of the time. */
const pieceLength = 4096
/** How often what is no call is read again from the end of that call on; more often, all of it is text. */
const maxReread = 10

export class CallReader {
  readonly #markup: Markup
  readonly #listener: MarkupListener
  readonly #signs: string[]
  #state = outside(false)
  #hasText = false
  #reread = 0
  #endedInCall = false
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
    if (state.at !== 'call') return this.#endedInCall
    const { source, committed } = state
    return committed < 0 || (source.read(committed) + source.rest).trim() !== ''
  }

  get inThought(): boolean {
    return this.#state.at === 'thought'
  }

  /** Takes more text, and returns the text that is final now. White space before a call belongs to the call. */
  push(text: string): string {
    let final = ''
    for (let at = 0; at < text.length; at += pieceLength) {
      let rest: string | undefined = text.slice(at, at + pieceLength)
      while (rest !== undefined) {
        const [part, next]: Step = this.#read(rest)
        final += part
        if (next !== undefined && next.length > pieceLength) {
          // What was no call is read again.
          final += this.push(next)
          rest = undefined
        } else rest = next
      }
    }
    return final
  }

  #read(piece: string): Step {
    const state = this.#state
    switch (state.at) {
      case 'text':
        return this.#readText(state, piece)
      case 'call':
        state.source.push(piece)
        return this.#readCall(state)
      case 'thought':
        return this.#readThought(state, piece)
    }
  }

  /** At the end: returns the text that was held back. Of an answer that was cut, half a call is left out. */
  flush(cut = false): string {
    const state = this.#state
    if (state.at === 'thought') {
      this.#emitThought(state, state.held.trimEnd())
      return ''
    }
    if (state.at === 'call') return this.#endCall(state, cut)
    const held = state.space + state.held
    return this.calls > 0 ? held.trimEnd() : held
  }

  #readText(state: Extract<State, { at: 'text' }>, text: string): Step {
    const all = state.afterCall ? (state.held + text).trimStart() : state.held + text
    const found = this.#findSign(all)
    if (found === undefined) {
      const known = all.slice(0, all.length - this.#overlap(all))
      const final = known.trimEnd()
      const space = known.slice(final.length)
      this.#state = {
        at: 'text',
        space: final === '' ? state.space + space : space,
        held: all.slice(known.length),
        afterCall: state.afterCall && all === '',
      }
      this.#hasText ||= final !== ''
      return [final === '' ? '' : state.space + final]
    }
    const { sign, at } = found
    const before = state.space + all.slice(0, at)
    const after = all.slice(at + sign.length)
    // Text before and after a mark is text; white space at its ends is not.
    const final = before.trimEnd()
    this.#hasText ||= final !== ''
    const { format, frames } = this.#markup
    if (format?.signs.includes(sign))
      this.#state = this.#startCall(before.slice(final.length) + sign, sign, format)
    else if (frames.includes(sign)) this.#state = outside(!this.#hasText || this.calls > 0)
    else this.#state = { at: 'thought', held: '', started: false }
    return [final, after]
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
    const overlaps = this.#signs.map((sign) => {
      if (!this.#onlyAtStart(sign)) return sign.startsWith(text) ? text.length : suffixOverlap(text, sign)
      const start = text.trimStart()
      return !this.#hasText && sign.startsWith(start) ? start.length : 0
    })
    return Math.max(0, ...overlaps)
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

  #readCall(state: Extract<State, { at: 'call' }>): Step {
    try {
      if (state.parser.next().done !== true) return ['']
    } catch (error) {
      if (!(error instanceof NotACall)) throw error
      return this.#failCall(state)
    }
    this.#state = outside(true)
    return ['', state.source.rest]
  }

  /** What is not a valid call is text: up to its end, if one is written, and what follows is read again. */
  #failCall({ sign, source, committed }: Extract<State, { at: 'call' }>): Step {
    this.#state = outside(false)
    this.#hasText = true
    const call = source.read(Math.max(0, committed))
    const marks = this.#reread < maxReread ? (this.#markup.format?.ends ?? []) : []
    const ends = marks
      .map((mark) => ({ mark, at: call.indexOf(mark) }))
      .filter(({ at }) => at >= 0)
      .map(({ mark, at }) => at + mark.length)
    const end = ends.length > 0 ? Math.min(...ends) : call.length
    if (ends.length > 0) this.#reread++
    if (ends.length === 0 && source.ended) this.#endedInCall = true
    else this.invalidCall = true
    return [(committed < 0 ? sign : '') + call.slice(0, end), call.slice(end) + source.rest]
  }

  /** The answer ends inside of a section: its last call may be complete all the same. */
  #endCall(state: Extract<State, { at: 'call' }>, cut: boolean): string {
    state.source.ended = true
    if (!this.unfinished) {
      this.#state = outside(true)
      return ''
    }
    const [final, rest = ''] = this.#readCall(state)
    if (this.#endedInCall && cut) return ''
    return final + this.push(rest) + this.flush(cut)
  }

  #readThought(state: Extract<State, { at: 'thought' }>, text: string): Step {
    const close = this.#markup.thoughts?.close ?? ''
    const all = state.held + text
    const end = all.indexOf(close)
    const final = end >= 0 ? end : all.length - suffixOverlap(all, close)
    const thought = all.slice(0, final).trimEnd()
    this.#emitThought(state, thought)
    if (end < 0) {
      state.held = all.slice(thought.length)
      return ['']
    }
    this.#state = outside(true)
    return ['', all.slice(end + close.length)]
  }

  #emitThought(state: Extract<State, { at: 'thought' }>, thought: string): void {
    const text = state.started ? thought : thought.trimStart()
    if (text === '') return
    state.started = true
    this.#listener.onThought(text)
  }
}
