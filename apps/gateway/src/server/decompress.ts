// Unpacks compressed request bodies, up to the size that a body may have.
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { LlmError } from '@patchbay/core'
import type { MiddlewareHandler } from 'hono'
import { requestError } from '../answer/http-status.js'

type Bytes = Uint8Array<ArrayBuffer>
type Unpack = (packed: Uint8Array, options: { maxOutputLength: number }) => Promise<Bytes>

// Node has zstd from 22.15 on.
const { zstdDecompress } = zlib as { zstdDecompress?: typeof zlib.gunzip }

const unpackers: Record<string, Unpack | undefined> = {
  gzip: promisify<zlib.InputType, zlib.ZlibOptions, Bytes>(zlib.gunzip),
  'x-gzip': promisify<zlib.InputType, zlib.ZlibOptions, Bytes>(zlib.gunzip),
  deflate: promisify<zlib.InputType, zlib.ZlibOptions, Bytes>(zlib.inflate),
  br: promisify<zlib.InputType, zlib.BrotliOptions, Bytes>(zlib.brotliDecompress),
  zstd: zstdDecompress && promisify<zlib.InputType, zlib.ZlibOptions, Bytes>(zstdDecompress),
}

const maxRatio = 100
/** Bytes that any body may have when unpacked: too few to do harm. */
const alwaysAllowed = 1024 * 1024

// Each takes several times its size while it is unpacked.
const maxRunning = 2
const maxWaiting = 100

/** Replaces a compressed body by its bytes, and refuses other encodings with 415, larger ones with 413. */
export function decompress(maxBytes: number): MiddlewareHandler {
  const inTurn = turns()
  return async (context, next) => {
    const encoding = (context.req.header('content-encoding') ?? '')
      .toLowerCase()
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '' && one !== 'identity')
      .join(', ')
    const { raw } = context.req
    if (encoding === '' || raw.body === null) return next()
    const packed = new Uint8Array(await raw.arrayBuffer())
    const body = packed.byteLength === 0 ? packed : await inTurn(() => unpacked(encoding, packed, maxBytes))
    const headers = new Headers(raw.headers)
    headers.delete('content-encoding')
    headers.set('content-length', String(body.byteLength))
    const { method, url, signal } = raw
    context.req.raw = new Request(url, { method, headers, signal, body })
    return next()
  }
}

async function unpacked(encoding: string, packed: Uint8Array, maxBytes: number): Promise<Bytes> {
  const unpack = Object.hasOwn(unpackers, encoding) ? unpackers[encoding] : undefined
  if (unpack === undefined)
    throw requestError(
      `content-encoding: the gateway does not know ${encoding}. Send gzip, or no encoding.`,
      415,
    )
  const maxOutputLength = Math.min(maxBytes, Math.max(alwaysAllowed, maxRatio * packed.byteLength))
  try {
    return await unpack(packed, { maxOutputLength })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE')
      throw requestError(`The body is not valid ${encoding}.`)
    throw requestError(
      maxOutputLength === maxBytes
        ? `The request has more than ${maxBytes} bytes when it is unpacked.`
        : `The body has more than ${maxRatio} times its size when it is unpacked. Send it without compression.`,
      413,
    )
  }
}

/** Runs work, a few at a time; the rest waits. */
function turns() {
  let running = 0
  const waiting: (() => void)[] = []
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running < maxRunning) running++
    else if (waiting.length === maxWaiting)
      throw new LlmError('queue-full', 'Too many compressed bodies arrive at the same time. Try again.')
    // Who ends hands its place on.
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
