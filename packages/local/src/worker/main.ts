// Program of the worker process: receives messages, runs the engine, ends with its parent.
import { Worker } from 'node:worker_threads'
import {
  type FromWorker,
  type JobRequest,
  type JobResult,
  protocolVersion,
  type ToWorker,
  type WorkerMessages,
} from '../supervisor/protocol.js'
import { type Engine, type LoadListener, noChatTemplate } from './engine/engine.js'
import { Generation } from './engine/generation.js'
import { loadEngine } from './engine/load-engine.js'
import { JobError, wireError } from './failure.js'
import { MessageBatcher } from './message-batcher.js'

const batcher = new MessageBatcher((batch) => {
  const messages: WorkerMessages = batch.length === 1 ? (batch[0] as FromWorker) : batch
  process.send?.(messages)
})
const send = (message: FromWorker): void => batcher.send(message)
/** A job that is running. */
interface RunningJob {
  /** The reader has read so many characters. */
  credit(characters: number): void
  cancel(): void
}
const running = new Map<number, RunningJob>()
/** Running jobs that have shared the engine with another: their speed says nothing about it. */
const crowded = new Set<number>()
let engine: Engine | undefined
/** Processes of the engine's own. */
const children: Parameters<LoadListener['child']>[0][] = []
let onMemoryGranted: () => void = () => {}

// Ends this process when its parent is gone, even while the main thread is in native code: standard input is a pipe from
// the parent, and a thread of its own waits for its end. The same thread enforces `memoryLimit`.
const watchdog = new Worker(
  `const end = () => process.kill(process.pid, 'SIGKILL')
   new (require('node:net').Socket)({ fd: 0, readable: true, writable: false }).on('error', end).on('close', end).resume()
   const { readFileSync, writeSync } = require('node:fs')
   const children = []
   // Only Linux tells the memory of another process.
   const rssOf = (pid) => {
     try {
       return Number(readFileSync('/proc/' + pid + '/status', 'utf8').split('VmRSS:')[1].split('kB')[0]) * 1024
     } catch {
       return 0
     }
   }
   require('node:worker_threads').parentPort.on('message', ({ pid, limit }) => pid === undefined ? setInterval(() => {
     const rss = children.map(rssOf).reduce((a, b) => a + b, process.memoryUsage.rss())
     if (rss <= limit) return
     writeSync(2, 'It used ' + Math.round(rss / 1e6) + ' MB, more than its memoryLimit of ' + Math.round(limit / 1e6) + ' MB.')
     end()
   }, 250) : children.push(pid))`,
  { eval: true },
)
watchdog.unref()
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
// A terminal sends these to the whole process group; the app decides when its worker ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

process.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'load':
      if (message.settings.memoryLimit !== undefined)
        watchdog.postMessage({ limit: message.settings.memoryLimit })
      return void loadEngine(message.settings, {
        progress: (progress) => send({ type: 'loading', progress }),
        log: (level, text) => send({ type: 'log', level, message: text }),
        child: (child) => {
          children.push(child)
          watchdog.postMessage({ pid: child.pid })
        },
        requestMemory: (bytes) => {
          send({ type: 'memory-planned', bytes })
          return new Promise((resolve) => {
            onMemoryGranted = resolve
          })
        },
      }).then(
        (loaded) => {
          engine = loaded
          send({ type: 'ready', info: loaded.info })
        },
        (error) => send({ type: 'load-failed', error: wireError(error, 'model-load') }),
      )
    case 'memory-granted':
      return onMemoryGranted()
    case 'run':
      return void run(message.id, message.request)
    case 'credit':
      return running.get(message.id)?.credit(message.characters)
    case 'cancel':
      return running.get(message.id)?.cancel()
    case 'count':
      return count(message)
    case 'ping':
      return void Promise.all(children.map((child) => child.alive())).then(() => send({ type: 'pong' }))
    case 'shutdown':
      return void (engine?.dispose() ?? Promise.resolve())
        .catch((error: Error) =>
          send({ type: 'log', level: 'warn', message: `The worker did not end cleanly: ${error.message}` }),
        )
        .finally(() => process.exit(0))
  }
})

async function run(id: number, request: JobRequest): Promise<void> {
  try {
    if (engine === undefined)
      throw new JobError('inference', 'The worker got a job before its model was loaded.')
    const result = await work(engine, id, request)
    send({ type: 'done', id, result })
    if ('decodeMs' in result && !crowded.has(id) && (await engine.hasSlowedDown?.(result)))
      send({ type: 'slowed-down' })
  } catch (error) {
    send({ type: 'failed', id, error: wireError(error, 'inference') })
  } finally {
    running.delete(id)
    crowded.delete(id)
  }
}

function work(engine: Engine, id: number, request: JobRequest): Promise<JobResult> {
  if (running.size > 0) for (const each of [...running.keys(), id]) crowded.add(each)
  if (!('messages' in request)) {
    const controller = new AbortController()
    running.set(id, { credit() {}, cancel: () => controller.abort() })
    const { encoder } = engine
    return 'texts' in request
      ? encoder.embed(request, controller.signal)
      : encoder.rank(request, controller.signal)
  }
  const generation = new Generation({
    text: (kind, text, logprobs) => batcher.text(id, kind, text, running.size > 1, logprobs),
    call: ({ name, input }) => send({ type: 'call', id, name, input }),
    flush: () => batcher.flush(),
  })
  running.set(id, generation)
  return generation.run(engine, request)
}

function count({ id, ...request }: Extract<ToWorker, { type: 'count' }>): void {
  try {
    if (request.media !== undefined)
      throw new JobError(
        'unsupported',
        'Tokens of images and sound cannot be counted before they are evaluated.',
      )
    if (engine !== undefined && engine.chat.prompt === undefined) throw noChatTemplate()
    send({ type: 'counted', id, tokens: engine?.chat.prompt?.tokens(request).length ?? 0 })
  } catch (error) {
    send({ type: 'failed', id, error: wireError(error, 'inference') })
  }
}

send({ type: 'hello', version: protocolVersion })
