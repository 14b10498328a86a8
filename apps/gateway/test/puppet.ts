// A model that says what tests tell it to, when they tell it to.
import { type Backend, defineProvider, LlmError } from '@patchbay/core'

/** Its provider, what it is to say, and the signals of its calls. */
export function puppet() {
  const said: (string | undefined)[] = []
  let wake = () => {}
  const calls: AbortSignal[] = []
  const backend: Backend = {
    provider: 'puppet',
    model: 'puppet-1',
    capabilities: () => ({
      ...{ tools: false, vision: false, files: false, audio: false, json: false, reasoning: false },
      embed: false,
    }),
    async *chat(_, { signal }) {
      calls.push(signal)
      while (true) {
        while (said.length === 0 && !signal.aborted)
          await new Promise<void>((go) => {
            wake = go
            signal.addEventListener('abort', () => go())
          })
        if (signal.aborted) throw signal.reason
        const text = said.shift()
        if (text === undefined) break
        if (text === 'BREAK') throw new LlmError('network', 'Cut.')
        yield { type: 'text', text }
      }
      yield { type: 'finish', response: { finishReason: 'stop', usage: { inputTokens: 3, outputTokens: 2 } } }
    },
  }
  /** Without a text, the answer ends. */
  const say = (text?: string) => {
    said.push(text)
    wake()
  }
  return { provider: () => defineProvider(backend, { retry: false }), say, calls }
}
