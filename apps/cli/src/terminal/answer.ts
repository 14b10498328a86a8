// Streams one answer to the terminal.
import type { CallOptions, ChatRequest, ChatResponse, Provider, StatusEvent } from '@patchbay/core'
import { printable, transient } from './print.js'

/** Streams an answer to standard output, with backpressure, and returns the response. */
export async function answer(
  provider: Provider,
  request: ChatRequest,
  options: CallOptions,
): Promise<ChatResponse> {
  const waiting = transient()
  const stream = provider.stream(request, {
    ...options,
    onStatus(status) {
      const line = statusLine(status)
      if (line !== undefined) waiting.show(line)
    },
  })
  let last = ''
  try {
    for await (const text of stream.text) {
      waiting.clear()
      last = text
      await write(text)
    }
  } finally {
    waiting.clear()
    if (last !== '' && !last.endsWith('\n')) await write('\n')
  }
  return stream.response()
}

/** The status of a call as a line of text; `undefined` if it needs none. */
function statusLine(status: StatusEvent): string | undefined {
  switch (status.type) {
    case 'loading':
      return `loading ${status.model} …`
    case 'queued':
      return `waiting, ${status.position} in the queue …`
    case 'restarting':
      return `the model's process ended and is restarting (${status.reason})`
    case 'fallback':
      return `falling back to ${status.to} (${status.reason})`
    case 'retrying':
      return `retrying in ${Math.round(status.delayMs)} ms (${status.reason})`
    case 'compacted':
      return `${status.messages} earlier messages ${status.by === 'summary' ? 'are sent as a summary' : 'are left out'}`
    case 'rate-limit':
      return undefined
  }
}

/** Writes to standard output, and waits until it is written. On a terminal, control characters are replaced. */
export function write(text: string): Promise<void> {
  const shown = process.stdout.isTTY ? printable(text) : text
  return new Promise((resolve, reject) =>
    process.stdout.write(shown, (error) => (error ? reject(error) : resolve())),
  )
}
