// A worker whose answers take long; it prints when it has begun with one. The third argument is how many words it says, one in 50 ms.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Capabilities, defineProvider } from '@patchbay/core'
import { worker } from '../src/index.js'

const [redis = '', name = '', words = '0'] = process.argv.slice(2)
const unknown = 'unknown'
const capabilities: Capabilities = {
  ...{
    tools: unknown,
    vision: unknown,
    files: unknown,
    audio: unknown,
    json: unknown,
    reasoning: unknown,
    embed: unknown,
  },
}
const provider = defineProvider({
  provider: 'slow',
  model: 'slow-1',
  capabilities: () => capabilities,
  async *chat(_, { signal }) {
    process.stdout.write('begun\n')
    signal.addEventListener('abort', () => process.stdout.write('aborted\n'))
    for (let word = 1; word <= Number(words); word++) {
      yield { type: 'text', text: `${word} ` }
      await sleep(50)
    }
    if (words === '0') await new Promise((resolve) => signal.addEventListener('abort', resolve))
    yield { type: 'finish', response: { finishReason: 'stop' } }
  },
})
await worker(name, provider, { redis, lease: 1000 })
process.stdout.write('working\n')
