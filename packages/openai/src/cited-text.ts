// Citations of a streamed message. Services count positions in the whole message; ours count in the text part that cites, and
// reasoning or a tool call ends a part.
import type { BackendEvent, Citation } from '@patchbay/core'

/** Counts the text of one message, and moves the positions of its citations into their text parts. */
export class CitedText {
  /** Characters of the message before the current text part. */
  #before = 0
  #length = 0
  #open = false
  #citations: Citation[] = []

  /** Whether a text part has begun and not ended. */
  get isOpen(): boolean {
    return this.#open
  }

  /** The event of a piece of text. */
  text(text: string): Extract<BackendEvent, { type: 'text' }> {
    if (!this.#open && text !== '') {
      this.#before += this.#length
      this.#length = 0
      this.#open = true
    }
    this.#length += text.length
    return { type: 'text', text }
  }

  /** Adds citations of the current text part. */
  add(citations: Citation[]): void {
    for (const citation of citations) this.#citations.push(citation)
  }

  /** Ends the current text part, with its citations. */
  close(emit: (event: BackendEvent) => void): void {
    if (!this.#open) return
    const citations = this.#citations.map((citation) => this.#inPart(citation))
    emit({ type: 'part-end', ...(citations.length > 0 && { citations }) })
    this.#citations = []
    this.#open = false
  }

  /** Ends the message. Citations that came after the last text part get an empty text part of their own. */
  end(emit: (event: BackendEvent) => void): void {
    this.close(emit)
    if (this.#citations.length === 0) return
    const citations = this.#citations.map(({ start: _, end: __, ...citation }) => citation)
    emit({ type: 'part', part: { type: 'text', text: '', citations } })
  }

  #inPart({ start, end, ...citation }: Citation): Citation {
    if (start === undefined || end === undefined || start < this.#before) return citation
    return { ...citation, start: start - this.#before, end: end - this.#before }
  }
}
