// Replay server: plays recorded exchanges back byte for byte and checks the requests.
import { isDeepStrictEqual } from 'node:util'
import { type FaultServer, faultServer, type ReceivedRequest, type ServedResponse } from './fault-server.js'

/** A request and its answer, as they were recorded or written down. */
export interface Exchange {
  request: {
    method?: string
    /** Default: any. */
    path?: string
    /** The JSON body the request must have. Default: any. */
    body?: unknown
  }
  response: ServedResponse
}

/** A replay server. */
export interface ReplayServer extends FaultServer {
  /** What was asked that no exchange expected, in words; it was answered with 500. */
  readonly unexpected: readonly string[]
}

/** Plays the exchanges in order, one a request; the last one repeats. */
export async function replayServer(exchanges: Exchange[]): Promise<ReplayServer> {
  const unexpected: string[] = []
  let turn = 0
  const server = await faultServer((received) => {
    const exchange = exchanges[Math.min(turn++, exchanges.length - 1)]
    const problem = exchange === undefined ? 'nothing was expected' : mismatch(exchange, received)
    if (exchange !== undefined && problem === undefined) return exchange.response
    unexpected.push(`${received.method} ${received.path}: ${problem}`)
    return {
      status: 500,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ error: `unexpected request: ${problem}` }),
    }
  })
  return Object.defineProperty(server, 'unexpected', { value: unexpected }) as ReplayServer
}

function mismatch({ request }: Exchange, { method, path, json }: ReceivedRequest): string | undefined {
  if (request.method !== undefined && request.method !== method)
    return `the method should be ${request.method}`
  if (request.path !== undefined && request.path !== path) return `the path should be ${request.path}`
  if (request.body !== undefined && !isDeepStrictEqual(request.body, json))
    return `the body should be ${JSON.stringify(request.body)}, not ${JSON.stringify(json)}`
  return undefined
}
