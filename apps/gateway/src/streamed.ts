// A call that is streamed to a client, whatever the protocol: begun before the status is sent, and ended with the client.
import type { ChatEvent, ChatStream, LlmError } from '@patchbay/core'
import { failureOf } from './failures.js'

/** What is written to, and what it is told in. */
export interface Wire {
  readonly aborted: boolean
  onAbort(left: () => void): void
}

/** How a protocol says it. */
export interface Words<Line> {
  lines(event: ChatEvent): Line[]
  error(error: LlmError): Line
  write(line: Line): Promise<unknown>
}

/**
 * Begins the call: what fails before its first event throws here, so that it has a status of its own. The rest is told
 * by the function that comes back.
 */
export async function begun(
  stream: ChatStream,
): Promise<<Line>(wire: Wire, words: Words<Line>) => Promise<void>> {
  const events = stream[Symbol.asyncIterator]()
  const first = await events.next()
  return async (wire, { lines, error, write }) => {
    // A client that goes away ends the call; one that reads slowly holds it up.
    wire.onAbort(() => void events.return?.())
    try {
      for (let event = first; !event.done; event = await events.next())
        for (const line of lines(event.value)) await write(line)
    } catch (thrown) {
      if (!wire.aborted) await write(error(failureOf(thrown)))
    }
  }
}
