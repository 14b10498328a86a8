// Unpacks answers that come compressed although nobody asked for it, as `fetch` does: some proxies compress all the same.
import { type Duplex, PassThrough, pipeline, Readable } from 'node:stream'
import { constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib'

// As `fetch`: a body without its last bytes is what it is up to there (fetch standard, and undici's own reading).
const flush = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH }
const brotliFlush = { flush: constants.BROTLI_OPERATION_FLUSH, finishFlush: constants.BROTLI_OPERATION_FLUSH }

const unpackers: Record<string, ((first: number) => Duplex) | undefined> = {
  gzip: () => createGunzip(flush),
  'x-gzip': () => createGunzip(flush),
  // With the header of zlib, as it should be, or without, as some servers send it.
  deflate: (first) => ((first & 0x0f) === 8 ? createInflate(flush) : createInflateRaw(flush)),
  br: () => createBrotliDecompress(brotliFlush),
  identity: () => new PassThrough(),
}

/** The response with its body unpacked; unchanged if it is in no known encoding. */
export async function decoded(response: Response): Promise<Response> {
  const header = response.headers.get('content-encoding')
  const { body, status, statusText, headers } = response
  if (header === null || body === null) return response
  const names = header.split(',').map((name) => name.trim().toLowerCase())
  const makers = names.reverse().flatMap((name) => unpackers[name] ?? [])
  if (makers.length < names.length) return response
  const reader = body.getReader()
  // How the body is packed is told by its first byte, in one of the encodings.
  const first = names.includes('deflate') ? (await reader.read()).value : undefined
  const stages = makers.map((make) => make(first?.[0] ?? 0))
  // A break or an abort on one side ends both, and is the reader's error.
  const unpacked = pipeline([readable(reader, first), ...stages], () => {}) as unknown as Readable
  return new Response(Readable.toWeb(unpacked) as ReadableStream<Uint8Array>, { status, statusText, headers })
}

/** The bytes of a reader as a stream of Node. Whoever reads no more ends the request. */
function readable(reader: ReadableStreamDefaultReader<Uint8Array>, first: Uint8Array | undefined): Readable {
  let waiting = first
  return new Readable({
    read() {
      const next = waiting
      waiting = undefined
      if (next !== undefined) this.push(next)
      else
        reader.read().then(
          ({ done, value }) => this.push(done ? null : value),
          (error: Error) => this.destroy(error),
        )
    },
    destroy(error, done) {
      reader.cancel(error).catch(() => {})
      done(error)
    },
  })
}
