// The recorded requests of real clients: a question, a call of a tool, its result. They have the shape that the client sent (its
// version and date are in the file), and texts of our own. Where a file says `read`, not `recorded`, the shape is what the
// client's source code writes.
import { readdirSync, readFileSync } from 'node:fs'

export interface Recording {
  client: string
  version: string
  path: string
  headers: Record<string, string>
  requests: Record<string, unknown>[]
}

const folder = new URL('recorded-clients/', import.meta.url)

export const recordings = readdirSync(folder).map(
  (file): Recording => JSON.parse(readFileSync(new URL(file, folder), 'utf8')),
)

/** Sends one of a recording's requests as the client does. */
export function send(url: string, { path, headers }: Recording, request: object): Promise<Response> {
  return fetch(url + path, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(request),
  })
}

/** Whether a request goes on with a thread that the service would have kept. The gateway refuses it, and the client sends all. */
export function goesOn(request: Record<string, unknown>): boolean {
  return (request.thread as { type?: string } | undefined)?.type === 'continue'
}
