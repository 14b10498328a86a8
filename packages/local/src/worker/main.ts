// The worker's process: takes messages, runs the engine, ends with its parent.
import { Worker } from 'node:worker_threads'
import { type FromWorker, protocolVersion, type ToWorker } from '../protocol.js'
import { Engine } from './engine.js'
import { JobError, wireError } from './failure.js'
import { Generation } from './generation.js'

const send = (message: FromWorker): void => void process.send?.(message)
const running = new Map<number, Generation>()
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
      return count(message.id, message.messages)
    case 'ping':
      return send({ type: 'pong' })
    case 'shutdown':
      return void (engine?.dispose() ?? Promise.resolve()).finally(() => process.exit(0))
  }
})

async function run(id: number, request: Extract<ToWorker, { type: 'run' }>['request']): Promise<void> {
  const generation = new Generation((text) => send({ type: 'text', id, text }))
  running.set(id, generation)
  try {
    if (engine === undefined)
      throw new JobError('inference', 'The worker was given work before its model was loaded.')
    send({ type: 'done', id, result: await generation.run(engine, request) })
  } catch (error) {
    send({ type: 'failed', id, error: wireError(error, 'inference') })
  } finally {
    running.delete(id)
  }
}

function count(id: number, messages: Extract<ToWorker, { type: 'count' }>['messages']): void {
  try {
    send({ type: 'counted', id, tokens: engine?.prompt.tokens(messages).length ?? 0 })
  } catch (error) {
    send({ type: 'failed', id, error: wireError(error, 'inference') })
  }
}

send({ type: 'hello', version: protocolVersion })
