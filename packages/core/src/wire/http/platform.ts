// What backends need of the platform they run on, in Node, browsers and edge workers alike.

/** Bytes as base64; base64 stays as it is. */
export function toBase64(data: Uint8Array | string): string {
  if (typeof data === 'string') return data
  // `Buffer` of Node, Bun and Deno is thirty times as fast: 20 MB in 20 ms.
  if (typeof Buffer !== 'undefined')
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')
  // Piece by piece: a call takes no more arguments than the stack has room for.
  let binary = ''
  for (let at = 0; at < data.length; at += 8192)
    binary += String.fromCharCode(...data.subarray(at, at + 8192))
  return btoa(binary)
}

/** The bytes of base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at)
  return bytes
}

/** An environment variable that is set and not empty; a browser has none. */
export function environment(name: string): string | undefined {
  return typeof process === 'undefined' ? undefined : process.env[name] || undefined
}
