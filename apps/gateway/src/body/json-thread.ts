// Worker thread that parses large JSON and writes vectors. It starts with the first large body. Its code is the source text of
// functions in this file, so it needs no file of its own wherever this package is bundled.
import { Worker } from 'node:worker_threads'
import { LlmError } from '@patchbay/core'
import { measureJson } from './json-measure.js'

/** The parsed value, or a message that says what is wrong. */
export interface Parsed {
  problem?: string
  value?: unknown
}

type Work = { id: number } & (
  | { chunks: Uint8Array<ArrayBuffer>[]; maxDepth: number; maxValues: number }
  | { write: unknown }
)

/**
 * Runs in the thread, so it uses nothing from outside. Its source must not need a compiler's helpers either (builds for
 * CommonJS turn `?.` into a helper call), so it uses only plain syntax.
 */
function work(measure: typeof measureJson, plain: typeof jsonReplacer): void {
  const { parentPort } = process.getBuiltinModule('node:worker_threads')
  if (parentPort === null) return
  parentPort.on('message', (work: Work) => {
    const { id } = work
    const answer = (parsed: Parsed) => parentPort.postMessage({ id, ...parsed })
    if ('write' in work) {
      try {
        const { buffer } = new TextEncoder().encode(JSON.stringify(work.write, plain))
        parentPort.postMessage({ id, value: buffer }, [buffer])
      } catch (error) {
        answer({ problem: String(error) })
      }
      return
    }
    const { chunks, maxDepth, maxValues } = work
    const decoder = new TextDecoder()
    let text = ''
    for (const chunk of chunks) text += decoder.decode(chunk, { stream: true })
    text += decoder.decode()
    const measured = measure(text, maxDepth, maxValues)
    if (typeof measured === 'string') return answer({ problem: measured })
    try {
      answer({ value: JSON.parse(text) })
    } catch {
      answer({ problem: 'must be JSON' })
    }
  })
}

/** For `JSON.stringify`: vectors as lists, bytes as base64 (the contract accepts both). The thread runs its source too. */
export function jsonReplacer(_: string, value: unknown): unknown {
  if (value instanceof Float32Array) return Array.from(value)
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
}

const code = `(${work})(${measureJson}, ${jsonReplacer})`

interface Waiting {
  resolve(parsed: Parsed): void
  reject(error: LlmError): void
}

let thread: { worker: Worker; waiting: Map<number, Waiting> } | undefined
let last = 0

/**
 * Parses chunks of bytes, which together are one text, in the thread. Their buffers are transferred, so the caller cannot use them
 * afterwards, and no other bytes may share them.
 */
export function parseInThread(
  chunks: Uint8Array<ArrayBuffer>[],
  maxDepth: number,
  maxValues: number,
): Promise<Parsed> {
  return request(
    (id) => ({ id, chunks, maxDepth, maxValues }),
    chunks.map(({ buffer }) => buffer),
  )
}

/**
 * A value as JSON: vectors as lists of numbers, bytes as base64.
 * @throws {TypeError} for a value that cannot be JSON
 */
export async function writeInThread(value: unknown): Promise<Buffer<ArrayBuffer>> {
  const { problem, value: written } = await request((id) => ({ id, write: value }))
  if (problem !== undefined) throw new TypeError(`This cannot be written as JSON: ${problem}`)
  return Buffer.from(written as ArrayBuffer)
}

function request(work: (id: number) => Work, given: ArrayBuffer[] = []): Promise<Parsed> {
  const { worker, waiting } = (thread ??= startThread())
  return new Promise((resolve, reject) => {
    const id = ++last
    // A value that cannot be transferred throws here, before anything waits for it.
    worker.postMessage(work(id), given)
    waiting.set(id, { resolve, reject })
    worker.ref()
  })
}

function startThread(): { worker: Worker; waiting: Map<number, Waiting> } {
  const worker = new Worker(code, { eval: true, name: 'patchbay-json' })
  worker.unref()
  const waiting = new Map<number, Waiting>()
  worker.on('message', ({ id, ...parsed }: Parsed & { id: number }) => {
    waiting.get(id)?.resolve(parsed)
    waiting.delete(id)
    // An idle thread keeps no process alive.
    if (waiting.size === 0) worker.unref()
  })
  // It ran out of memory: its work is lost, and the next body starts a new thread.
  const ended = (cause?: unknown) => {
    if (thread?.worker === worker) thread = undefined
    const message = 'The gateway could not read this body just now. Try again.'
    for (const { reject } of waiting.values()) reject(new LlmError('overloaded', message, { cause }))
    waiting.clear()
  }
  worker.on('error', ended)
  worker.on('exit', () => ended())
  return { worker, waiting }
}
