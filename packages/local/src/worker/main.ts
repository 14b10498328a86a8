// The worker's process: takes messages, runs the engine, ends with its parent.
import { Worker } from 'node:worker_threads'
import {
  type FromWorker,
  type JobRequest,
  type JobResult,
  protocolVersion,
  type ToWorker,
  type Words,
} from '../supervisor/protocol.js'
import { Engine } from './engine/engine.js'
import { Generation } from './engine/generation.js'
import { JobError, wireError } from './failure.js'
import { Outbox } from './outbox.js'

const outbox = new Outbox((messages) => {
  const words: Words = messages.length === 1 ? (messages[0] as FromWorker) : messages
  process.send?.(words)
})
const send = (message: FromWorker): void => outbox.send(message)
/** What can be told to a job under way. */
interface Running {
  credit(characters: number): void
  cancel(): void
}
const running = new Map<number, Running>()
let engine: Engine | undefined
let goOn: () => void = () => {}

// Whatever the main thread is doing, in native code or not, a parent that is gone ends this process: standard input
// is a pipe whose other end the parent holds, and a thread of its own waits for it to close.
// The same thread ends a process that takes more memory than it may, and says so in its last words.
const watchdog = new Worker(
  `const end = () => process.kill(process.pid, 'SIGKILL')
   new (require('node:net').Socket)({ fd: 0, readable: true, writable: false }).on('error', end).on('close', end).resume()
   require('node:worker_threads').parentPort.on('message', (limit) => setInterval(() => {
     const rss = process.memoryUsage.rss()
     if (rss <= limit) return
     require('node:fs').writeSync(2, 'It took ' + Math.round(rss / 1e6) + ' MB, more than its memoryLimit of ' + Math.round(limit / 1e6) + ' MB.')
     end()
   }, 250))`,
  { eval: true },
)
watchdog.unref()
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
// The terminal sends these to the whole group; the app decides when its worker ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

process.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'load':
      if (message.settings.memoryLimit !== undefined) watchdog.postMessage(message.settings.memoryLimit)
      return void Engine.load(message.settings, {
        progress: (progress) => send({ type: 'loading', progress }),
        log: (level, text) => send({ type: 'log', level, message: text }),
        admit: (bytes) => {
          send({ type: 'planned', bytes })
          return new Promise((resolve) => {
            goOn = resolve
          })
        },
      }).then(
        (loaded) => {
          engine = loaded
          send({ type: 'ready', info: loaded.info })
        },
        (error) => send({ type: 'load-failed', error: wireError(error, 'model-load') }),
      )
    case 'go-on':
      return goOn()
    case 'run':
      return void run(message.id, message.request)
    case 'credit':
      return running.get(message.id)?.credit(message.characters)
    case 'cancel':
      return running.get(message.id)?.cancel()
    case 'count':
      return count(message)
    case 'ping':
      return send({ type: 'pong' })
    case 'shutdown':
      return void (engine?.dispose() ?? Promise.resolve())
        .catch((error: Error) =>
          send({ type: 'log', level: 'warn', message: `At its end: ${error.message}` }),
        )
        .finally(() => process.exit(0))
  }
})

async function run(id: number, request: JobRequest): Promise<void> {
  try {
    if (engine === undefined)
      throw new JobError('inference', 'The worker was given work before its model was loaded.')
    send({ type: 'done', id, result: await work(engine, id, request) })
  } catch (error) {
    send({ type: 'failed', id, error: wireError(error, 'inference') })
  } finally {
    running.delete(id)
  }
}

function work(engine: Engine, id: number, request: JobRequest): Promise<JobResult> {
  if (!('messages' in request)) {
    const controller = new AbortController()
    running.set(id, { credit() {}, cancel: () => controller.abort() })
    const { encoder } = engine
    return 'texts' in request
      ? encoder.embed(request, controller.signal)
      : encoder.rank(request, controller.signal)
  }
  const generation = new Generation({
    text: (kind, text) => outbox.text(id, kind, text, running.size > 1),
    call: ({ name, input }) => send({ type: 'call', id, name, input }),
    flush: () => outbox.flush(),
  })
  running.set(id, generation)
  return generation.run(engine, request)
}

function count({ id, ...request }: Extract<ToWorker, { type: 'count' }>): void {
  try {
    send({ type: 'counted', id, tokens: engine?.chat.prompt.tokens(request).length ?? 0 })
  } catch (error) {
    send({ type: 'failed', id, error: wireError(error, 'inference') })
  }
}

send({ type: 'hello', version: protocolVersion })
