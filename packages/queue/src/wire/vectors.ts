// Vectors as base64 of 32-bit numbers: a quarter of what they take as JSON.

export function vectorsToWire(vectors: readonly Float32Array[]): string[] {
  return vectors.map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength).toString('base64'),
  )
}

export function vectorsFromWire(encoded: readonly string[]): Float32Array[] {
  // A copy: small buffers share memory, at offsets where no 32-bit number may start.
  return encoded.map((text) => new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer))
}
