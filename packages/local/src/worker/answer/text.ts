// From tokens to text: whole characters only, and nothing from a stop string on.
import type { LlamaModel, Token } from 'node-llama-cpp'

// A character has at most four bytes, so at most four byte tokens; what is still broken then is the model's doing.
const longestCharacter = 4
const broken = '\uFFFD'

export class TextDecoder {
  /** The stop string that was reached. */
  stopped: string | undefined
  readonly #model: Pick<LlamaModel, 'detokenize'>
  readonly #stops: StopStrings
  #done: Token[] = []
  #pending: Token[] = []

  constructor(model: Pick<LlamaModel, 'detokenize'>, stop: string[] = []) {
    this.#model = model
    this.#stops = new StopStrings(stop)
  }

  /** The text that is certain now. */
  push(token: Token): string {
    this.#pending.push(token)
    const text = this.#model.detokenize(this.#pending, false, this.#done)
    if (text.endsWith(broken) && this.#pending.length < longestCharacter) return ''
    // The tokeniser looks at three tokens before for spacing. Token by token: of several at once it would take the
    // space before some signs (`a ?` becomes `a?`).
    this.#done = [...this.#done.slice(-3), ...this.#pending]
    this.#pending = []
    const certain = this.#stops.push(text)
    this.stopped = this.#stops.found
    return certain
  }

  /** What was held back, at the end. */
  rest(): string {
    if (this.stopped !== undefined) return ''
    const text = this.#pending.length > 0 ? this.#model.detokenize(this.#pending, false, this.#done) : ''
    return this.#stops.push(text) + this.#stops.rest()
  }
}

/** Holds back what may become a stop string, and ends the text before the first that does. */
export class StopStrings {
  /** The one that ended the text. */
  found: string | undefined
  #held = ''

  constructor(private readonly stops: string[]) {}

  push(text: string): string {
    if (this.found !== undefined) return ''
    if (this.stops.length === 0) return text
    const all = this.#held + text
    const ends = this.stops.map((stop) => ({ stop, at: all.indexOf(stop) })).filter(({ at }) => at >= 0)
    const [first] = ends.sort((a, b) => a.at - b.at)
    if (first !== undefined) {
      this.found = first.stop
      this.#held = ''
      return all.slice(0, first.at)
    }
    const keep = Math.max(...this.stops.map((stop) => overlap(all, stop)))
    this.#held = all.slice(all.length - keep)
    return all.slice(0, all.length - keep)
  }

  rest(): string {
    return this.found === undefined ? this.#held : ''
  }
}

/** The length of the longest end of `text` that begins `stop`. */
export function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--)
    if (stop.startsWith(text.slice(text.length - length))) return length
  return 0
}
