// A `fetch` that records requests and responses for the inspector, without secrets.
import type { WireExchange, WireLine } from './conversation.js'

// Enough for debugging; not all of a long conversation with images.
const maxLines = 2000
const maxBody = 20_000

/** A recording `fetch`. `onExchange` is called whenever there is update. */
export function recordingFetch(onExchange: (exchange: WireExchange) => void): typeof fetch {
  return async (address, init) => {
    const began = performance.now()
    const body = typeof init?.body === 'string' ? init.body : ''
    let exchange: WireExchange = {
      method: (init?.method ?? 'GET').toUpperCase(),
      url: String(address),
      headers: redactHeaders(new Headers(init?.headers)),
      body: body.length > maxBody ? `${body.slice(0, maxBody)} … (${body.length} characters)` : body,
      lines: [],
    }
    const update = (next: Partial<WireExchange>) => {
      exchange = { ...exchange, ...next }
      onExchange(exchange)
    }
    update({})
    const response = await fetch(address, init)
    update({ status: response.status, responseHeaders: Object.fromEntries(response.headers) })
    if (response.body === null) return response
    const [recorded, forwarded] = response.body.tee()
    // One list that grows: a copy for each token would cost the square of the answer's length.
    const lines: WireLine[] = []
    void record(recorded, (texts) => {
      const at = performance.now() - began
      for (const text of texts.slice(0, maxLines - lines.length)) lines.push({ at, text })
      update({ lines })
    })
    return new Response(forwarded, response)
  }
}

async function record(body: ReadableStream<Uint8Array>, lines: (texts: string[]) => void): Promise<void> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      // Each piece is scanned once, however long its line gets.
      const texts = decoder.decode(value, { stream: !done }).split('\n')
      texts[0] = rest + texts[0]
      rest = done ? '' : (texts.pop() ?? '')
      const filled = texts.filter((text) => text !== '')
      if (filled.length > 0) lines(filled)
      if (done) return
    }
  } catch {
    // The response was cut or aborted: the recording ends here, and the answer shows the error.
  }
}

function redactHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    [...headers].map(([name, value]) => [name, /authorization|key/.test(name) ? '(left out)' : value]),
  )
}
