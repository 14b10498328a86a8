// Unpacks answers that come compressed although nobody asked for it: some proxies do that.
import { Readable, type Transform } from 'node:stream'
import zlib from 'node:zlib'

const unpackers: Record<string, (() => Transform) | undefined> = {
  gzip: zlib.createGunzip,
  'x-gzip': zlib.createGunzip,
  deflate: zlib.createInflate,
  br: zlib.createBrotliDecompress,
}

/** The response with its body unpacked; unchanged if it is in no known encoding. */
export function decoded(response: Response): Response {
  const encoding = response.headers.get('content-encoding')
  const unpack = encoding === null ? undefined : unpackers[encoding.trim().toLowerCase()]
  if (unpack === undefined || response.body === null) return response
  const { body, status, statusText, headers } = response
  const unpacked = Readable.from(body).pipe(unpack())
  return new Response(Readable.toWeb(unpacked), { status, statusText, headers })
}
