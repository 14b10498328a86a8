// A model that answers with the last message, without a process of its own: for tests of what is around an answer.
import { defineProvider } from '@patchbay/core'

export default () =>
  defineProvider({
    provider: 'echo',
    model: 'echo-1',
    capabilities: () => ({}),
    async *chat({ messages }) {
      for (const { text } of messages.at(-1).content) yield { type: 'text', text }
      yield { type: 'finish', response: { finishReason: 'stop' } }
    },
  })
