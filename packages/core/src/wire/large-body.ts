// A large body as a blob: the platform sends it piece by piece, a text in one go. Loaded when one is sent.
import { yieldToEventLoop } from '../event-loop.js'

const piece = 1024 * 1024

/** The bytes of a text, made yielding to the event loop between the pieces. */
export async function blobOf(text: string): Promise<Blob> {
  const encoder = new TextEncoder()
  const pieces: Uint8Array<ArrayBuffer>[] = []
  for (let from = 0; from < text.length; ) {
    await yieldToEventLoop()
    const most = from + piece
    // Two halves of one character stay together.
    const to = /[\ud800-\udbff]/.test(text[most - 1] ?? '') ? most + 1 : most
    pieces.push(encoder.encode(text.slice(from, to)))
    from = to
  }
  return new Blob(pieces)
}
