// An embedder that counts letters: the same question with other punctuation is near, another question is far.
import { defineProvider, type Provider } from '@patchbay/core'

const no = { tools: false, vision: false, files: false, audio: false, json: false, reasoning: false } as const

export function lettersEmbedder(asked: string[] = []): Provider {
  return defineProvider({
    provider: 'letters',
    model: 'letters-1',
    capabilities: () => ({ ...no, embed: true }),
    async *chat() {
      yield { type: 'finish', response: { finishReason: 'stop' } }
    },
    async embed({ input }) {
      asked.push(...input)
      return { vectors: input.map(vectorOf), usage: {}, model: 'letters-1' }
    },
  })
}

/** How often each pair of letters comes, signs and case aside. */
function vectorOf(text: string): Float32Array {
  const vector = new Float32Array(27 * 27)
  const codes = Array.from(
    text
      .toLowerCase()
      .replace(/[^a-z]+/g, ' ')
      .trim(),
    (sign) => (sign === ' ' ? 0 : sign.charCodeAt(0) - 96),
  )
  codes.forEach((code, index) => {
    const at = (codes[index - 1] ?? 0) * 27 + code
    vector[at] = (vector[at] ?? 0) + 1
  })
  return vector
}
