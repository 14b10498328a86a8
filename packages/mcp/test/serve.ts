// Where the test server can be reached: at an address on loopback, or as a program.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { fileURLToPath } from 'node:url'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server'
import { build } from 'esbuild'
import { onTestFinished } from 'vitest'
import { testServer } from './server.js'

/** Its address, and the headers of the requests that came. */
export async function serveHttp(): Promise<{ url: string; seen: Record<string, unknown>[] }> {
  const transport = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: () => randomUUID() })
  const mcp = testServer()
  await mcp.connect(transport)
  const seen: Record<string, unknown>[] = []
  const server = createServer(async (request, response) => {
    seen.push(request.headers)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const answer = await transport.handleRequest(
      new Request(`http://localhost${request.url}`, {
        method: request.method ?? 'GET',
        headers: Object.entries(request.headers).map(([name, value]): [string, string] => [
          name,
          String(value),
        ]),
        ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
      }),
    )
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    response.flushHeaders()
    if (answer.body === null) return void response.end()
    Readable.fromWeb(answer.body as ReadableStream).pipe(response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    await mcp.close()
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, seen }
}

/** The program, built once. */
export async function buildProgram(): Promise<string> {
  const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
  const outfile = at('../.cache/stdio.mjs')
  await build({
    entryPoints: [at('stdio.ts')],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
  })
  return outfile
}
