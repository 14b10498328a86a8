// Unpacks compressed request bodies, up to the size that a body may have.
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import type { MiddlewareHandler } from 'hono'
import { requestError } from '../answer/http-status.js'

type Unpack = (packed: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>

// Node has zstd from 22.15 on.
const { zstdDecompress } = zlib as { zstdDecompress?: typeof zlib.gunzip }

const unpackers: Record<string, Unpack | undefined> = {
  gzip: promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gunzip),
  'x-gzip': promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gunzip),
  deflate: promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.inflate),
  br: promisify<zlib.InputType, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress),
  zstd: zstdDecompress && promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zstdDecompress),
}

/** Replaces a compressed body by its bytes, and refuses other encodings with 415, larger ones with 413. */
export function decompress(maxBytes: number): MiddlewareHandler {
  return async (context, next) => {
    const encoding = context.req.header('content-encoding')?.trim().toLowerCase() ?? 'identity'
    if (encoding === 'identity') return next()
    const unpack = Object.hasOwn(unpackers, encoding) ? unpackers[encoding] : undefined
    if (unpack === undefined)
      throw requestError(
        `content-encoding: the gateway does not know ${encoding}. Send gzip, or no encoding.`,
        415,
      )
    const { raw } = context.req
    const body = await unpacked(unpack, new Uint8Array(await raw.arrayBuffer()), maxBytes, encoding)
    const headers = new Headers(raw.headers)
    headers.delete('content-encoding')
    headers.set('content-length', String(body.byteLength))
    const { method, url, signal } = raw
    context.req.raw = new Request(url, { method, headers, signal, body: new Uint8Array(body) })
    return next()
  }
}

async function unpacked(
  unpack: Unpack,
  packed: Uint8Array,
  maxOutputLength: number,
  encoding: string,
): Promise<Uint8Array> {
  try {
    return await unpack(packed, { maxOutputLength })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw requestError(`The request has more than ${maxOutputLength} bytes when it is unpacked.`, 413)
    throw requestError(`The body is not valid ${encoding}.`)
  }
}
