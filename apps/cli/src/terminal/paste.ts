// Bracketed paste: tells pasted text from typed keys, so that pasted lines are one input.
// The terminal marks a paste with ESC [200~ and ESC [201~ once it was asked to (xterm's control sequences, "Bracketed Paste Mode").

const start = '\x1b[200~'
const end = '\x1b[201~'

/** Asks a terminal to mark pastes, and to stop it. */
export const bracketedPaste = { on: '\x1b[?2004h', off: '\x1b[?2004l' }

/** A text as a terminal sends it when it is pasted. */
export function asPaste(text: string): string {
  return `${start}${text}${end}`
}

/** Takes what a terminal sends, in any pieces; calls `onKeys` for typed keys, `onPaste` once for each pasted text. */
export class PasteReader {
  #rest = ''
  #pasted: string | undefined
  readonly #onKeys: (keys: string) => void
  readonly #onPaste: (text: string) => void

  constructor(onKeys: (keys: string) => void, onPaste: (text: string) => void) {
    this.#onKeys = onKeys
    this.#onPaste = onPaste
  }

  read(chunk: string): void {
    let text = this.#rest + chunk
    this.#rest = ''
    for (;;) {
      const isPaste = this.#pasted !== undefined
      const mark = isPaste ? end : start
      const at = text.indexOf(mark)
      if (at === -1) {
        // A lone ESC is a key and must not wait for more; within a paste nobody waits.
        const kept = beginningAtEnd(text, mark, isPaste ? 1 : 3)
        this.#take(text.slice(0, text.length - kept))
        this.#rest = text.slice(text.length - kept)
        return
      }
      this.#take(text.slice(0, at))
      text = text.slice(at + mark.length)
      if (this.#pasted === undefined) this.#pasted = ''
      else {
        this.#onPaste(withoutControls(this.#pasted))
        this.#pasted = undefined
      }
    }
  }

  #take(text: string): void {
    if (this.#pasted !== undefined) this.#pasted += text
    else if (text !== '') this.#onKeys(text)
  }
}

/** How many characters at the end of the text begin the mark; 0 for fewer than `least`. */
function beginningAtEnd(text: string, mark: string, least: number): number {
  for (let length = Math.min(mark.length - 1, text.length); length >= least; length--)
    if (text.endsWith(mark.slice(0, length))) return length
  return 0
}

/** Line ends as `\n` (terminals send `\r`); other control characters, which are keys for the prompt, are left out. */
function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this matches control characters
  return text.replace(/\r\n?/g, '\n').replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '')
}
