// A gateway that measures its own event loop: the longest time of the processor between two turns, in milliseconds. A child process.
import { readFileSync } from 'node:fs'
import { claude } from '@patchbay/claude'
import { loadConfig } from '@patchbay/config'
import type { Provider } from '@patchbay/core'
import { serve } from '@patchbay/gateway'
import { ollama } from '@patchbay/ollama'
import { openai } from '@patchbay/openai'
import { mask } from '@patchbay/policies'

const [way = '', baseURL = ''] = process.argv.slice(2)
const chat = () => openai('gpt-5.6-sol', { api: 'chat', apiKey: 'none', baseURL: `${baseURL}/v1` })
const providers: Record<string, () => Provider> = {
  'Chat Completions': chat,
  Claude: () => claude('claude-opus-5', { apiKey: 'none', baseURL }),
  Ollama: () => ollama('m', { baseURL }),
  'mask over Chat Completions': () => mask(chat(), { media: 'allow' }),
}

/** Milliseconds of the processor that this thread has had; Linux alone counts them by thread. */
const used = () => Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1_000_000

let [last, longest] = [used(), 0]
setInterval(() => {
  const now = used()
  longest = Math.max(longest, now - last)
  last = now
}, 1)
process.on('message', () => {
  process.send?.(longest)
  last = used()
  longest = 0
})

const loaded = await loadConfig({ config: { providers: {}, gateway: {} }, user: false })
const gateway = await serve({ loaded, otherwise: providers[way] ?? chat, port: 0 })
process.send?.(gateway.url)
