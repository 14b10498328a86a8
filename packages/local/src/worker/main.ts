// The worker's process: takes messages, runs the engine, ends with its parent.
import { Worker } from 'node:worker_threads'
import {
  type FromWorker,
  type JobRequest,
  type JobResult,
  protocolVersion,
  type ToWorker,
} from '../protocol.js'
import { Engine } from './engine.js'
import { JobError, wireError } from './failure.js'
import { Generation } from './generation.js'

const send = (message: FromWorker): void => void process.send?.(message)
/** What can be told to a job under way. */
interface Running {
  credit(characters: number): void
  cancel(): void
}
const running = new Map<number, Running>()
let engine: Engine | undefined

// Whatever the main thread is doing, in native code or not, a parent that is gone ends this process: standard input
// is a pipe whose other end the parent holds, and a thread of its own waits for it to close.
const watchdog = new Worker(
  `const end = () => process.kill(process.pid, 'SIGKILL')
   new (require('node:net').Socket)({ fd: 0, readable: true, writable: false }).on('error', end).on('close', end).resume()`,
  { eval: true },
)
watchdog.unref()
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
// The terminal sends these to the whole group; the app decides when its worker ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

process.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'load':
      return void Engine.load(message.settings, {
        progress: (progress) => send({ type: 'loading', progress }),
        log: (level, text) => send({ type: 'log', level, message: text }),
      }).then(
        (loaded) => {
          engine = loaded
          send({ type: 'ready', info: loaded.info })
        },
        (error) => send({ type: 'load-failed', error: wireError(error, 'model-load') }),
      )
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
      return void (engine?.dispose() ?? Promise.resolve()).finally(() => process.exit(0))
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
  if ('texts' in request) {
    let cancelled = false
    running.set(id, {
      credit() {},
      cancel() {
        cancelled = true
      },
    })
    return engine.embed(request, () => cancelled)
  }
  const generation = new Generation(
    (type, text) => send({ type, id, text }),
    ({ name, input }) => send({ type: 'call', id, name, input }),
  )
  running.set(id, generation)
  return generation.run(engine, request)
}

function count({ id, ...request }: Extract<ToWorker, { type: 'count' }>): void {
  try {
    send({ type: 'counted', id, tokens: engine?.prompt.tokens(request).length ?? 0 })
  } catch (error) {
    send({ type: 'failed', id, error: wireError(error, 'inference') })
  }
}

send({ type: 'hello', version: protocolVersion })
