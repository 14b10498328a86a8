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
  image: async () => ({
    images: [{ data: Uint8Array.of(1), mediaType: 'image/png' }],
    usage: {},
    model: 'plain-1',
  }),
  async *speak() {
    yield { type: 'start', mediaType: 'audio/mpeg' }
    yield { type: 'audio', audio: Uint8Array.of(1) }
    yield { type: 'finish' }
  },
  countTokens: async () => 1,
})
