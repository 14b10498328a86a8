// UTF-8 that arrives in pieces, as text.

// Node has a fast way for bytes that are whole. One that keeps the rest of a character costs a converter of ICU for each body, which the
// garbage collector has to track (Node 20 and 24, lib/internal/encoding.js). A byte order mark is kept: it may be a piece's first character.
const whole = new TextDecoder('utf-8', { ignoreBOM: true })

/** Decodes the pieces of one body as a `TextDecoder` with `stream` does. */
export class Utf8Pieces {
  #isAtStart = true
  /** The last piece may end within a character. */
  #isOpen = false
  #decoder: InstanceType<typeof TextDecoder> | undefined

  /** The text of a piece, up to its last complete character. */
  decode(piece: Uint8Array): string {
    if (piece.length === 0) return ''
    const wasOpen = this.#isOpen
    this.#isOpen = (piece[piece.length - 1] as number) >= 0x80
    if (!wasOpen && !this.#isOpen) return this.#withoutMark(whole.decode(piece))
    this.#decoder ??= new TextDecoder('utf-8', { ignoreBOM: true })
    return this.#withoutMark(this.#decoder.decode(piece, { stream: true }))
  }

  /** The text of the bytes that are left: a replacement character, if the body ended within one. */
  end(): string {
    return this.#isOpen && this.#decoder ? this.#withoutMark(this.#decoder.decode()) : ''
  }

  /** Without the byte order mark at the start of the body. */
  #withoutMark(text: string): string {
    if (!this.#isAtStart || text === '') return text
    this.#isAtStart = false
    return text.startsWith('\uFEFF') ? text.slice(1) : text
  }
}
