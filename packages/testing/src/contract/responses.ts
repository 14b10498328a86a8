// Contract tests of responses: their fields, and conversations that continue after them.
import type { ChatRequest, ChatResponse, ErrorCode, Message } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { all, last } from './stream-events.js'
import { person, type Subject } from './subject.js'

/** What two equal answers share: ids, and those in a provider's state, differ from answer to answer. */
const withoutIds = ({ message, finishReason, rawFinishReason, output, warnings, usage }: ChatResponse) => ({
  message: message.content.map(({ opaque, ...part }) => ({
    ...part,
    ...('id' in part && { id: '' }),
    opaque: opaque?.provider,
  })),
  ...{ finishReason, rawFinishReason, output, warnings },
  usage: { ...usage, cachedInputTokens: 0 },
})

export function responses(subject: Subject): void {
  const { short, long, deterministic, answerOr } = subject

  describe('a response', () => {
    it('names the provider, the time and the usage', async () => {
      const response = await subject.provider.chat(short)
      expect(response).toMatchObject({
        provider: subject.provider.provider,
        attempts: 1,
        finishReason: 'stop',
        warnings: [],
      })
      expect(response.message.role).toBe('assistant')
      expect(response.usage.inputTokens).toBeGreaterThan(0)
      expect(response.usage.outputTokens).toBeGreaterThan(0)
      const { firstTokenMs, totalMs } = response.timing
      expect(firstTokenMs).toBeGreaterThanOrEqual(0)
      expect(totalMs).toBeGreaterThanOrEqual(firstTokenMs)
    })

    it('can be appended to the conversation, which goes on', async () => {
      const first = await subject.provider.chat(short)
      const messages: Message[] = [
        { role: 'user', content: short },
        first.message,
        { role: 'user', content: short },
      ]
      const second = await subject.provider.chat({ system: 'You are a helpful assistant.', messages })
      expect(second.text).not.toBe('')
      expect(second.usage.inputTokens ?? 0).toBeGreaterThan(first.usage.inputTokens ?? 0)
    })

    it('is cut at maxOutputTokens, and says so', async ({ skip }) => {
      if (subject.capabilities.options?.maxOutputTokens === false) skip()
      const response = await subject.provider.chat({ messages: long, maxOutputTokens: 3 })
      expect(response.finishReason).toBe('length')
      expect(response.usage.outputTokens ?? 0).toBeLessThanOrEqual(3)
    })

    // A service may send a short answer in one piece if it is not read as a stream; the response must be the same.
    it.each<[what: string, request: ChatRequest, feature?: 'tools' | 'json' | 'reasoning']>([
      ['an answer', { messages: short }],
      ['a tool call', subject.toolRequest, 'tools'],
      ['JSON', { messages: short, output: { schema: person } }, 'json'],
      ['reasoning', { messages: short, reasoning: 'low' }, 'reasoning'],
    ])('with a limit is the same as that of a stream: %s', async (_, request, feature) => {
      const limited = { ...request, ...subject.limit(2000) }
      const codes: ErrorCode[] =
        feature === undefined || subject.capabilities[feature] === true
          ? []
          : ['unsupported', 'invalid-request', 'structured-output']
      const chatted = await answerOr(codes, subject.provider.chat(limited))
      const streamed = await answerOr(codes, all(subject.provider.stream(limited)))
      const comparable = deterministic ? withoutIds : ({ finishReason }: ChatResponse) => finishReason
      expect(chatted && comparable(chatted)).toEqual(streamed && comparable(last(streamed).response))
    })

    it('is right for many callers at once, each with its own answer', async () => {
      const responses = await Promise.all(
        Array.from({ length: 12 }, (_, index) => subject.provider.chat(index % 2 ? long : short)),
      )
      for (const { text } of responses) expect(text).not.toBe('')
      if (deterministic) expect(new Set(responses.map(({ text }) => text)).size).toBe(2)
    })
  })
}
