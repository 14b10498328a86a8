// A thread that reads large JSON, and writes many numbers. It is started with the first of them, and its code is the text of functions here: so
// it needs no file of its own, wherever this package is bundled.
import { Worker } from 'node:worker_threads'
import { LlmError } from '@patchbay/core'
import { problemOf } from './json-measure.js'

/** What became of a text: its value, or what is wrong with it. */
export interface Parsed {
  problem?: string
  value?: unknown
}

type Work = { id: number } & (
  | { pieces: Uint8Array<ArrayBuffer>[]; deepest: number; mostValues: number }
  | { write: unknown }
)

/**
 * Runs in the thread: it uses nothing from outside. Its text must not need anybody's helpers either, so it is written in plain
 * words: builds for CommonJS turn `?.` into a call of theirs.
 */
function work(measure: typeof problemOf, plain: typeof asPlain): void {
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
    const { pieces, deepest, mostValues } = work
    const decoder = new TextDecoder()
    let text = ''
    for (const piece of pieces) text += decoder.decode(piece, { stream: true })
    text += decoder.decode()
    const measured = measure(text, deepest, mostValues)
    if (typeof measured === 'string') return answer({ problem: measured })
    try {
      answer({ value: JSON.parse(text) })
    } catch {
      answer({ problem: 'must be JSON' })
    }
  })
}

/** For `JSON.stringify`: vectors as lists; bytes as base64, which the contract takes as well. The thread uses its text too. */
export function asPlain(_: string, value: unknown): unknown {
  if (value instanceof Float32Array) return Array.from(value)
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
}

const code = `(${work})(${problemOf}, ${asPlain})`

interface Waiting {
  resolve(parsed: Parsed): void
  reject(error: LlmError): void
}

let thread: { worker: Worker; waiting: Map<number, Waiting> } | undefined
let last = 0

/** The bytes of a text, piece by piece, are given away: each must be all that its buffer holds. */
export function parseAway(
  pieces: Uint8Array<ArrayBuffer>[],
  deepest: number,
  mostValues: number,
): Promise<Parsed> {
  return ask(
    (id) => ({ id, pieces, deepest, mostValues }),
    pieces.map(({ buffer }) => buffer),
  )
}

/**
 * A value as JSON: vectors as lists of numbers, bytes as base64.
 * @throws {TypeError} for what cannot be JSON
 */
export async function writeAway(value: unknown): Promise<Buffer<ArrayBuffer>> {
  const { problem, value: written } = await ask((id) => ({ id, write: value }))
  if (problem !== undefined) throw new TypeError(`This cannot be written as JSON: ${problem}`)
  return Buffer.from(written as ArrayBuffer)
}

function ask(work: (id: number) => Work, given: ArrayBuffer[] = []): Promise<Parsed> {
  const { worker, waiting } = (thread ??= started())
  return new Promise((resolve, reject) => {
    const id = ++last
    // What cannot be handed over throws here: nobody waits for it then.
    worker.postMessage(work(id), given)
    waiting.set(id, { resolve, reject })
    worker.ref()
  })
}

function started(): { worker: Worker; waiting: Map<number, Waiting> } {
  const worker = new Worker(code, { eval: true, name: 'patchbay-json' })
  worker.unref()
  const waiting = new Map<number, Waiting>()
  worker.on('message', ({ id, ...parsed }: Parsed & { id: number }) => {
    waiting.get(id)?.resolve(parsed)
    waiting.delete(id)
    // An idle thread keeps no process alive.
    if (waiting.size === 0) worker.unref()
  })
  // It has run out of memory: what it was given is lost, and the next body starts another.
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
