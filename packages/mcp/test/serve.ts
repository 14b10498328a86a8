// Starts the MCP test server, over HTTP on loopback or as a process.
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

/** A program of this folder, built once. */
export async function buildProgram(name: 'stdio' | 'ending-server'): Promise<string> {
  const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
  const outfile = at(`../.cache/${name}.mjs`)
  await build({
    entryPoints: [at(`${name}.ts`)],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
  })
  return outfile
}

/** A server whose every answer the test decides, with sessions that it can forget; `streams` are those it was asked for by GET. */
export async function serveOdd(
  results: Record<string, (params: Record<string, unknown>) => unknown>,
  unknownSession: [number, string] = [404, 'Session not found'],
  hasSessions = true,
): Promise<{ url: string; calls: string[]; streams: { opened: number; open: number }; forget(): void }> {
  let session = randomUUID()
  const streams = { opened: 0, open: 0 }
  const calls: string[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    if (request.method === 'GET') {
      streams.opened++
      streams.open++
      response.on('close', () => streams.open--)
      return void response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    }
    const { method, id, params = {} } = JSON.parse(Buffer.concat(chunks).toString())
    if (hasSessions && method !== 'initialize' && request.headers['mcp-session-id'] !== session)
      return void response.writeHead(unknownSession[0]).end(unknownSession[1])
    calls.push(method)
    if (id === undefined) return void response.writeHead(202).end()
    const known: Record<string, (params: Record<string, unknown>) => unknown> = {
      initialize: ({ protocolVersion }) => ({
        protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'odd', version: '1' },
      }),
      ...results,
    }
    response.writeHead(200, {
      'content-type': 'application/json',
      ...(hasSessions && { 'mcp-session-id': session }),
    })
    const answer = known[method]
    const outcome = () => {
      if (answer === undefined) return { error: { code: -32601, message: `no ${method}` } }
      try {
        return { result: answer(params) }
      } catch (error) {
        return { error: { code: -32000, message: String(error) } }
      }
    }
    response.end(JSON.stringify({ jsonrpc: '2.0', id, ...outcome() }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    calls,
    streams,
    forget() {
      session = randomUUID()
    },
  }
}
