// Reference implementation of Llama (Touvron et al., 2023): plain numbers, one token at a time, slow. For comparison with
// the engine.
import { readFileSync } from 'node:fs'
import { type GgufFileInfo, readGgufFileInfo } from 'node-llama-cpp'

type Matrix = { rows: number; columns: number; values: Float32Array }

/** The likeliest token after each token it is given. */
export interface Reference {
  next(token: number): number
  /** How much likelier than the next best it was, in logits. */
  readonly margin: number
  /** The log-probabilities of all tokens, by their numbers. */
  readonly logprobs: Float64Array
}

export async function referenceLlama(path: string): Promise<Reference> {
  const info = await readGgufFileInfo(path, { logWarnings: false })
  const { block_count: layers = 0, attention, rope } = info.architectureMetadata
  const heads = Number(attention?.head_count)
  const epsilon = Number(attention?.layer_norm_rms_epsilon)
  const base = Number((rope as { freq_base?: number } | undefined)?.freq_base ?? 10_000)
  const tensors = readTensors(path, info)
  const get = (name: string): Matrix => {
    const tensor = tensors.get(`${name}.weight`)
    if (tensor === undefined) throw new Error(`${path} has no ${name}`)
    return tensor
  }
  const embedding = get('token_embd')
  const output = tensors.has('output.weight') ? get('output') : embedding
  const blocks = Array.from({ length: layers }, (_, layer) => {
    const part = (name: string) => get(`blk.${layer}.${name}`)
    return {
      attentionNorm: part('attn_norm'),
      query: part('attn_q'),
      key: part('attn_k'),
      value: part('attn_v'),
      attentionOut: part('attn_output'),
      feedNorm: part('ffn_norm'),
      gate: part('ffn_gate'),
      up: part('ffn_up'),
      down: part('ffn_down'),
      keys: [] as Float32Array[],
      values: [] as Float32Array[],
    }
  })
  let position = 0
  let margin = 0
  let logprobs = new Float64Array()
  return {
    get logprobs() {
      return logprobs
    },
    get margin() {
      return margin
    },
    next(token) {
      let x: Float32Array = embedding.values.slice(token * embedding.columns, (token + 1) * embedding.columns)
      for (const block of blocks) {
        const h = normed(x, block.attentionNorm, epsilon)
        block.keys.push(rotated(times(block.key, h), heads, position, base))
        block.values.push(times(block.value, h))
        const query = rotated(times(block.query, h), heads, position, base)
        x = sum(x, times(block.attentionOut, attend(query, block.keys, block.values, heads)))
        const f = normed(x, block.feedNorm, epsilon)
        const [gate, up] = [times(block.gate, f), times(block.up, f)]
        const inner = gate.map((value, index) => (value / (1 + Math.exp(-value))) * (up[index] ?? 0))
        x = sum(x, times(block.down, inner))
      }
      position++
      const logits = times(output, normed(x, get('output_norm'), epsilon))
      const [first = 0, second = 0] = logits.toSorted().slice(-2).reverse()
      margin = first - second
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit - first), 0)
      logprobs = Float64Array.from(logits, (logit) => logit - first - Math.log(total))
      return logits.indexOf(first)
    },
  }
}

function attend(
  query: Float32Array,
  keys: Float32Array[],
  values: Float32Array[],
  heads: number,
): Float32Array {
  const size = query.length / heads
  const result = new Float32Array(query.length)
  for (let head = 0; head < heads; head++) {
    const at = head * size
    const scores = keys.map((key) => {
      let score = 0
      for (let index = at; index < at + size; index++) score += (query[index] ?? 0) * (key[index] ?? 0)
      return score / Math.sqrt(size)
    })
    const highest = Math.max(...scores)
    const weights = scores.map((score) => Math.exp(score - highest))
    const total = weights.reduce((a, b) => a + b, 0)
    values.forEach((value, past) => {
      const weight = (weights[past] ?? 0) / total
      for (let index = at; index < at + size; index++)
        result[index] = (result[index] ?? 0) + weight * (value[index] ?? 0)
    })
  }
  return result
}

/** Rotary positions: the pairs of neighbours turn, each at its own speed. */
function rotated(vector: Float32Array, heads: number, position: number, base: number): Float32Array {
  const size = vector.length / heads
  const result = new Float32Array(vector.length)
  for (let index = 0; index < vector.length; index += 2) {
    const angle = position * base ** -((index % size) / size)
    const [a = 0, b = 0] = [vector[index], vector[index + 1]]
    result[index] = a * Math.cos(angle) - b * Math.sin(angle)
    result[index + 1] = a * Math.sin(angle) + b * Math.cos(angle)
  }
  return result
}

function normed(vector: Float32Array, { values }: Matrix, epsilon: number): Float32Array {
  const square = vector.reduce((total, value) => total + value * value, 0) / vector.length
  const scale = 1 / Math.sqrt(square + epsilon)
  return vector.map((value, index) => value * scale * (values[index] ?? 0))
}

function times({ rows, columns, values }: Matrix, vector: Float32Array): Float32Array {
  const result = new Float32Array(rows)
  for (let row = 0; row < rows; row++) {
    let total = 0
    for (let column = 0; column < columns; column++)
      total += (values[row * columns + column] ?? 0) * (vector[column] ?? 0)
    result[row] = total
  }
  return result
}

function sum(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, index) => value + (b[index] ?? 0))
}

function readTensors(path: string, info: GgufFileInfo): Map<string, Matrix> {
  const file = readFileSync(path)
  return new Map(
    (info.tensorInfo ?? []).map(({ name, dimensions, ggmlType, fileOffset }) => {
      const [columns = 1, rows = 1] = dimensions.map(Number)
      const at = Number(fileOffset)
      const values = new Float32Array(rows * columns)
      // 0: 32-bit floats. 8: blocks of 32 bytes with a scale of 16 bits before each (Q8_0).
      for (let index = 0; index < values.length; index++)
        if (ggmlType === 0) values[index] = file.readFloatLE(at + index * 4)
        else if (ggmlType === 8) {
          const block = at + Math.floor(index / 32) * 34
          values[index] = halfFloat(file.readUInt16LE(block)) * file.readInt8(block + 2 + (index % 32))
        } else throw new Error(`${name} has the type ${ggmlType}`)
      return [name, { rows, columns, values }]
    }),
  )
}

function halfFloat(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 0x1f, bits & 0x3ff]
  return exponent === 0 ? sign * 2 ** -24 * fraction : sign * 2 ** (exponent - 15) * (1 + fraction / 1024)
}
