// A provider that looks at nothing: what is tried with it is the gateway.
import { type Capabilities, defineProvider } from '@patchbay/core'

export const plain = defineProvider({
  provider: 'plain',
  model: 'plain-1',
  capabilities: () =>
    ({
      tools: true,
      vision: true,
      files: true,
      audio: true,
      json: true,
      reasoning: true,
      embed: true,
    }) as Capabilities,
  async *chat() {
    yield { type: 'text', text: '{}' }
    yield { type: 'finish', response: { finishReason: 'stop' } }
  },
  embed: async ({ input }) => ({
    vectors: input.map(() => new Float32Array(2)),
    usage: {},
    provider: 'plain',
    model: 'plain-1',
  }),
  countTokens: async () => 1,
})
