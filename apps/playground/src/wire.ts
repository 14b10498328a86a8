// `fetch` that keeps what goes over the wire, for the inspector. Keys are left out.
import type { WireExchange } from './talk.js'

// Enough to see what happened; not all of a long conversation with images.
const mostLines = 2000
const longestBody = 20_000

/** `heard` is told whenever there is more. */
export function recording(heard: (exchange: WireExchange) => void): typeof fetch {
  return async (address, init) => {
    const began = performance.now()
    const body = typeof init?.body === 'string' ? init.body : ''
    let exchange: WireExchange = {
      method: (init?.method ?? 'GET').toUpperCase(),
      url: String(address),
      headers: withoutKeys(new Headers(init?.headers)),
      body: body.length > longestBody ? `${body.slice(0, longestBody)} … (${body.length} characters)` : body,
      lines: [],
    }
    const more = (next: Partial<WireExchange>) => {
      exchange = { ...exchange, ...next }
      heard(exchange)
    }
    more({})
    const response = await fetch(address, init)
    more({ status: response.status, answered: Object.fromEntries(response.headers) })
    if (response.body === null) return response
    const [own, theirs] = response.body.tee()
    void keep(own, (texts) => {
      const at = performance.now() - began
      more({ lines: [...exchange.lines, ...texts.map((text) => ({ at, text }))].slice(0, mostLines) })
    })
    return new Response(theirs, response)
  }
}

async function keep(body: ReadableStream<Uint8Array>, lines: (texts: string[]) => void): Promise<void> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      const texts = (rest + decoder.decode(value, { stream: !done })).split('\n')
      rest = done ? '' : (texts.pop() ?? '')
      const said = texts.filter((text) => text !== '')
      if (said.length > 0) lines(said)
      if (done) return
    }
  } catch {
    // It was cut or left; what came is what there is, and the answer says why.
  }
}

function withoutKeys(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    [...headers].map(([name, value]) => [name, /authorization|key/.test(name) ? '(left out)' : value]),
  )
}
