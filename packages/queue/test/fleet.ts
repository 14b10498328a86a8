// Two workers of one queue: this process answers with the bundled local model; the other one, a child, is killed by each call that it
// takes, before it answers. It is started again when this one has begun with another call, so that it takes many, and none for ever.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Provider } from '@patchbay/core'
import { worker } from '../src/index.js'

const [redis = '', name = '', engine = '', role = 'lasting'] = process.argv.slice(2)
const options = { redis, lease: 600, concurrency: 4 }

/** A provider that calls back before each call. */
function watched(provider: Provider, called: () => void): Provider {
  return new Proxy(provider, {
    get(target, member) {
      const value: unknown = Reflect.get(target, member, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        called()
        return value.apply(target, args)
      }
    },
  })
}

const { local } = (await import(engine)) as { local(): Provider }
const provider = local()

if (role === 'doomed') {
  await worker(
    name,
    watched(provider, () => process.kill(process.pid, 'SIGKILL')),
    options,
  )
  process.stdout.write('working\n')
} else {
  let other: ChildProcess | undefined
  let deaths = 0
  const start = () => {
    const args = [...process.argv.slice(1, 5), 'doomed']
    other = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    other.once('exit', () => {
      deaths++
      other = undefined
    })
    return other
  }
  const running = await worker(
    name,
    watched(provider, () => {
      if (other === undefined) start()
    }),
    options,
  )
  const first = start()
  if (first.stdout !== null) await once(first.stdout, 'data')
  process.stdout.write('working\n')
  process.once('SIGTERM', async () => {
    other?.kill('SIGKILL')
    await running.close()
    await provider.close()
    process.stdout.write(`${deaths} deaths\n`)
    process.exit()
  })
}
