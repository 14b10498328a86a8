// One answer onto the terminal, as it comes.
import type { CallOptions, ChatRequest, ChatResponse, Provider } from '@patchbay/core'
import { printable, transient } from './print.js'

/** Streams an answer to standard output, waiting for it where it is slow, and gives the response. */
export async function answer(
  provider: Provider,
  request: ChatRequest,
  options: CallOptions,
): Promise<ChatResponse> {
  const waiting = transient()
  const stream = provider.stream(request, {
    ...options,
    onStatus(status) {
      if (status.type === 'loading') waiting.show(`loading ${status.model} …`)
      else if (status.type === 'queued') waiting.show(`waiting, ${status.position} in the queue …`)
      else if (status.type === 'restarting')
        waiting.show(`the model's process died and starts again (${status.reason})`)
      else if (status.type === 'fallback') waiting.show(`asking ${status.to} (${status.reason})`)
      else if (status.type === 'retrying')
        waiting.show(`trying again in ${Math.round(status.delayMs)} ms (${status.reason})`)
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

/** Writes to standard output and waits for it to be taken: as it is into a file or a pipe, printable on a terminal. */
export function write(text: string): Promise<void> {
  const shown = process.stdout.isTTY ? printable(text) : text
  return new Promise((resolve, reject) =>
    process.stdout.write(shown, (error) => (error ? reject(error) : resolve())),
  )
}
