// The places of citations. Services count them in the whole text of a message; ours are places in the text part they stand
// on, and thinking or a call ends a part.
import type { BackendEvent, Citation } from '@patchbay/core'

export class CitedText {
  /** Characters of the message before the part that is being streamed. */
  #before = 0
  #length = 0
  #open = false
  #citations: Citation[] = []

  say(text: string): BackendEvent {
    if (!this.#open && text !== '') {
      this.#before += this.#length
      this.#length = 0
      this.#open = true
    }
    this.#length += text.length
    return { type: 'text', text }
  }

  add(citations: Citation[]): void {
    for (const citation of citations) this.#citations.push(citation)
  }

  /** What comes next ends the text part: it takes its citations with it. */
  *close(): Generator<BackendEvent> {
    if (!this.#open) return
    const citations = this.#citations.map((citation) => this.#placed(citation))
    yield { type: 'part-end', ...(citations.length > 0 && { citations }) }
    this.#citations = []
    this.#open = false
  }

  /** Citations that came after the text part had ended have no part to stand on but one of their own. */
  *end(): Generator<BackendEvent> {
    yield* this.close()
    if (this.#citations.length === 0) return
    const citations = this.#citations.map(({ start: _, end: __, ...citation }) => citation)
    yield { type: 'part', part: { type: 'text', text: '', citations } }
  }

  #placed({ start, end, ...citation }: Citation): Citation {
    if (start === undefined || end === undefined || start < this.#before) return citation
    return { ...citation, start: start - this.#before, end: end - this.#before }
  }
}
