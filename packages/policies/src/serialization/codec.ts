// JSON codec for values that hold bytes and vectors: `Uint8Array` and `Float32Array` survive the round trip.

const tags = ['$floats', '$bytes', '$object']

/** Encodes a value as JSON. Bytes and vectors become tagged base64. */
export function serialize(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, name, given) {
    // The original value: a Buffer has a `toJSON` that has already replaced `given`.
    const item = ArrayBuffer.isView(this[name]) ? this[name] : given
    if (item instanceof Float32Array)
      return { $floats: toBase64(new Uint8Array(item.buffer, item.byteOffset, item.byteLength)) }
    if (item instanceof Uint8Array) return { $bytes: toBase64(item) }
    // An app's object that happens to use one of the tags is escaped.
    if (isObject(item) && tags.some((tag) => Object.hasOwn(item, tag)))
      return { $object: Object.entries(item) }
    return item
  })
}

/** Decodes what `serialize` wrote. @throws {SyntaxError} for text that is not JSON */
export function deserialize(text: string): unknown {
  return JSON.parse(text, (_, item) => {
    if (!isObject(item)) return item
    if (typeof item.$floats === 'string') return new Float32Array(fromBase64(item.$floats).buffer)
    if (typeof item.$bytes === 'string') return fromBase64(item.$bytes)
    if (Array.isArray(item.$object)) return Object.fromEntries(item.$object)
    return item
  })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function toBase64(bytes: Uint8Array): string {
  let text = ''
  // In chunks, because the number of arguments of a call is limited.
  for (let at = 0; at < bytes.length; at += 0x8000)
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(text)
}

function fromBase64(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64)
  const array = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) array[at] = text.charCodeAt(at)
  return array
}
