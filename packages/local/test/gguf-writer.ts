// Writer of GGUF files with random weights, for the models that tests make.
import { closeSync, openSync, renameSync, writeSync } from 'node:fs'

const kinds = { u16: 2, u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const
type Kind = Exclude<keyof typeof kinds, 'array'>
export type Value =
  | [kind: Kind, value: number | string]
  | [kind: 'array', of: 'i32' | 'f32' | 'string', values: (number | string)[]]

export interface Tensor {
  name: string
  dims: number[]
  type: 'f32' | 'q8_0' | 'norm'
}

export function writeGguf(
  path: string,
  facts: Record<string, Value>,
  tensors: Tensor[],
  random: () => number,
  change: (tensor: Tensor, values: Buffer) => void = () => {},
): string {
  let offset = 0
  const placed = tensors.map((tensor) => {
    const count = tensor.dims.reduce((a, b) => a * b, 1)
    const bytes = tensor.type === 'q8_0' ? (count / 32) * 34 : count * 4
    const at = offset
    offset += Math.ceil(bytes / 32) * 32
    return { ...tensor, count, bytes, at }
  })
  const header = [
    Buffer.from('GGUF'),
    u32(3),
    u64(tensors.length),
    u64(Object.keys(facts).length),
    ...Object.entries(facts).flatMap(([key, value]) => [text(key), encode(value)]),
    ...placed.flatMap(({ name, dims, type, at }) => [
      text(name),
      u32(dims.length),
      ...dims.map(u64),
      u32(type === 'q8_0' ? 8 : 0),
      u64(at),
    ]),
  ]
  const headerBytes = Buffer.concat(header)
  // Another process may look for the file: it is there whole, or not at all.
  const draft = `${path}.${process.pid}`
  const file = openSync(draft, 'w')
  writeSync(file, Buffer.concat([headerBytes, Buffer.alloc(pad(headerBytes.length))]))
  for (const tensor of placed) {
    const { type, count, bytes, dims } = tensor
    const values = weights(type, count, dims[0] ?? 1, random)
    change(tensor, values)
    writeSync(file, Buffer.concat([values, Buffer.alloc(pad(bytes))]))
  }
  closeSync(file)
  renameSync(draft, path)
  return path
}

function weights(
  type: 'f32' | 'q8_0' | 'norm',
  count: number,
  columns: number,
  random: () => number,
): Buffer {
  // Rows of unit length keep the numbers of every layer in range.
  const scale = Math.sqrt(3 / columns)
  if (type !== 'q8_0') {
    const values = new Float32Array(count)
    for (let index = 0; index < count; index++)
      values[index] = type === 'norm' ? 1 : (random() * 2 - 1) * scale
    return Buffer.from(values.buffer)
  }
  const blocks = Buffer.alloc((count / 32) * 34)
  const half = halfFloat(scale / 127)
  for (let at = 0; at < blocks.length; at += 34) {
    blocks.writeUInt16LE(half, at)
    for (let index = 0; index < 32; index++)
      blocks.writeInt8(Math.floor(random() * 255) - 127, at + 2 + index)
  }
  return blocks
}

export function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

function halfFloat(value: number): number {
  const bits = Buffer.alloc(4)
  bits.writeFloatLE(value)
  const all = bits.readUInt32LE()
  const exponent = ((all >> 23) & 0xff) - 127 + 15
  return exponent <= 0 ? 0 : (exponent << 10) | ((all >> 13) & 0x3ff)
}

function encode(value: Value): Buffer {
  if (value[0] !== 'array') return Buffer.concat([u32(kinds[value[0]]), plain(value[0], value[1])])
  const [, of, values] = value
  return Buffer.concat([
    u32(kinds.array),
    u32(kinds[of]),
    u64(values.length),
    ...values.map((item) => plain(of, item)),
  ])
}

function plain(kind: Kind, value: number | string): Buffer {
  if (typeof value === 'string') return text(value)
  if (kind === 'bool') return Buffer.of(value)
  const bytes = Buffer.alloc(kind === 'u16' ? 2 : 4)
  if (kind === 'u16') bytes.writeUInt16LE(value)
  else if (kind === 'f32') bytes.writeFloatLE(value)
  else bytes.writeInt32LE(value)
  return bytes
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([u64(bytes.length), bytes])
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function pad(length: number): number {
  return (32 - (length % 32)) % 32
}
