// Provider that answers at once and keeps nothing, so that memory growth comes from the code around it.
import { defineProvider, LlmError, type Provider } from '@patchbay/core'

/** What it answers, by what it is asked. */
export interface Answers {
  provider?: string
  /** Fails every call. */
  fails?: boolean
  /** The answer is JSON. */
  json?: boolean
  /** Waits a moment between its words, so that a caller can leave in the middle. */
  slow?: boolean
}

export function answering({
  provider = 'soak',
  fails = false,
  json = false,
  slow = false,
}: Answers = {}): Provider {
  const can = {
    tools: true,
    vision: false,
    files: false,
    audio: false,
    json: true,
    reasoning: false,
    embed: true,
    contextWindow: 100_000,
    maxOutput: 100,
  }
  const backend = {
    provider,
    model: 'soak-1',
    capabilities: () => can,
    async *chat(request: {
      messages: readonly { role: string; content: readonly object[] }[]
      tools: readonly object[]
    }) {
      if (fails) throw new LlmError('overloaded', 'Busy.')
      const last = request.messages.at(-1)
      const calls = request.tools.length > 0 && last?.role === 'user'
      if (calls) {
        const call = { id: 'a', name: 'add', input: { a: 1, b: 2 } }
        yield { type: 'tool-call' as const, ...call }
      } else
        for (const text of json ? ['{"value":', '["one","two"]}'] : ['one ', 'two ', 'three']) {
          if (slow) await new Promise(setImmediate)
          yield { type: 'text' as const, text }
        }
      const usage = { inputTokens: 3, outputTokens: 3 }
      yield {
        type: 'finish' as const,
        response: { finishReason: calls ? ('tool-calls' as const) : ('stop' as const), usage },
      }
    },
    async embed({ input }: { input: readonly string[] }) {
      const vectors = input.map(
        (text) => new Float32Array(Array.from({ length: 16 }, (_, at) => text.charCodeAt(at) || 1)),
      )
      return { vectors, usage: { inputTokens: 1 }, model: 'soak-1' }
    },
    countTokens: async () => 3,
  }
  return defineProvider(backend, { retry: false })
}
