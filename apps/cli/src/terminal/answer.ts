// Streams one answer to the terminal.
import type { CallOptions, ChatRequest, ChatResponse, Provider, StatusEvent } from '@patchbay/core'
import { hasColours, printable, transient } from './print.js'

/**
 * Streams an answer to standard output, with backpressure, and returns the response. A terminal with colours shows its Markdown
 * rendered; files, pipes and other terminals get the text as it is.
 * @param before printed before the first word
 */
export async function answer(
  provider: Provider,
  request: ChatRequest,
  options: CallOptions,
  before = '',
): Promise<ChatResponse> {
  const waiting = transient()
  const stream = provider.stream(request, {
    ...options,
    onStatus(status) {
      const line = statusLine(status)
      if (line !== undefined) waiting.show(line)
    },
  })
  const rendered = hasColours(process.stdout)
    ? new (await import('./markdown.js')).MarkdownRenderer()
    : new AsItIs()
  let start = before
  try {
    for await (const text of stream.text) {
      waiting.clear()
      if (start !== '') await write(start)
      start = ''
      await writeRaw(rendered.write(text))
    }
  } finally {
    waiting.clear()
    await writeRaw(rendered.end())
  }
  return stream.response()
}

/** Runs a call whose result is not text, and shows its status on a terminal until it ends. */
export async function withStatusLine<T>(
  call: (onStatus: (status: StatusEvent) => void) => Promise<T>,
): Promise<T> {
  const waiting = transient()
  try {
    return await call((status) => {
      const line = statusLine(status)
      if (line !== undefined) waiting.show(line)
    })
  } finally {
    waiting.clear()
  }
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

/** The text unchanged, but for control characters on a terminal. */
class AsItIs {
  #last = ''

  write(text: string): string {
    if (text !== '') this.#last = text
    return process.stdout.isTTY ? printable(text) : text
  }

  end(): string {
    return this.#last === '' || this.#last.endsWith('\n') ? '' : '\n'
  }
}

/** Writes to standard output, and waits until it is written. On a terminal, control characters are replaced. */
export function write(text: string): Promise<void> {
  return writeRaw(process.stdout.isTTY ? printable(text) : text)
}

/** Writes to standard output what may hold control characters of our own. */
export function writeRaw(text: string): Promise<void> {
  return new Promise((resolve, reject) =>
    process.stdout.write(text, (error) => (error ? reject(error) : resolve())),
  )
}
