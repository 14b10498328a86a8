// pipeTo: sends a web response through the response object of node:http, which Express and Fastify use too.

/** A `ServerResponse` of `node:http`, as far as `pipeTo` uses it. */
export interface NodeResponse {
  readonly headersSent: boolean
  readonly destroyed: boolean
  statusMessage: string
  writeHead(status: number, headers: Record<string, string | string[]>): unknown
  flushHeaders(): void
  write(chunk: Uint8Array): boolean
  end(text?: string): unknown
  destroy(): unknown
  on(event: 'close' | 'drain', listener: () => void): unknown
  off(event: 'close' | 'drain', listener: () => void): unknown
}

/**
 * Sends a response to the client of a `node:http` server, and resolves when it was sent or the client has left. It is sent as fast as
 * the client reads; a client that leaves aborts the call. An answer that fails before its first byte gets the status 500 and the text
 * of `onError`; later, the connection is closed in the middle of the body, which clients report as an error.
 * @example
 * app.post('/chat', (req, res) => pipeTo(toTextResponse(llm.stream(req.body.question)), res))
 */
export async function pipeTo(response: Response, res: NodeResponse): Promise<void> {
  const reader = response.body?.getReader()
  let wake: () => void = () => {}
  const isOpen = () => !res.destroyed
  const onClose = () => {
    reader?.cancel().catch(() => {})
    wake()
  }
  const onDrain = () => wake()
  res.on('close', onClose)
  res.on('drain', onDrain)
  try {
    if (!isOpen()) return onClose()
    while (reader !== undefined) {
      const { done, value } = await reader.read()
      if (!isOpen()) return
      if (!res.headersSent) begin(response, res)
      if (done) break
      if (res.write(value)) continue
      await new Promise<void>((resolve) => {
        wake = resolve
        // It may have closed before.
        if (!isOpen()) resolve()
      })
      if (!isOpen()) return
    }
    if (!res.headersSent) begin(response, res)
    res.end()
  } catch (error) {
    if (!isOpen()) return
    if (res.headersSent) return void res.destroy()
    res.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' })
    res.end(error instanceof Error ? error.message : undefined)
  } finally {
    res.off('close', onClose)
    res.off('drain', onDrain)
  }
}

function begin({ status, statusText, headers }: Response, res: NodeResponse): void {
  const cookies = headers.getSetCookie()
  if (statusText !== '') res.statusMessage = statusText
  res.writeHead(status, {
    ...Object.fromEntries(headers),
    ...(cookies.length > 0 && { 'set-cookie': cookies }),
  })
  res.flushHeaders()
}
